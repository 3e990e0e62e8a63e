import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** The repository's root folder. */
export const ROOT = root

/**
 * The two programs under test. Another build of either can be put in its place by the environment, so that the same
 * stories can be told about an installed package.
 */
export const RPORTD = process.env['RPORT_TEST_RPORTD'] ?? resolve(root, 'bin/rportd')
export const RPORT = process.env['RPORT_TEST_RPORT'] ?? resolve(root, 'bin/rport')
