/** For tests of stores: a real database that vanishes when it is closed, or the path for one. */
export { openTestDatabase } from './open-test-database.ts'
export { withDatabaseFile } from './with-database-file.ts'
