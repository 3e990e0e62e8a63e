/** For tests of stores: a real database that vanishes when it is closed, the path for one, or a half-written one. */
export { openTestDatabase } from './open-test-database.ts'
export { withDatabaseFile } from './with-database-file.ts'
export { writeHalf } from './write-half.ts'
