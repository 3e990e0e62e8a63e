import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** The repository's root folder. */
export const ROOT = root

/**
 * The two programs under test. Another build of either can be put in its place by the environment, as an absolute path or
 * from the root folder, so that the same stories can be told about an installed package.
 */
export const RPORTD = resolve(root, process.env['RPORT_TEST_RPORTD'] ?? 'bin/rportd')
export const RPORT = resolve(root, process.env['RPORT_TEST_RPORT'] ?? 'bin/rport')
