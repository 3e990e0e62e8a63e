/**
 * Tests that follow from a declaration of settings: every key from every source, right and wrong.
 * Not for production code, and not for what settings mean together.
 * Start at test-settings.ts.
 */
export { loadTexts } from './load-texts.ts'
export { testSettings } from './test-settings.ts'
