/**
 * Archives of a whole server: what belongs into one, writing, verifying, putting back.
 * Not for the words of the command line (commands/), nor for how SQLite copies a database (db/).
 * Start at write-archive.ts and restore-archive.ts; manifest.ts says what an archive says about itself.
 */
export { planBackup } from './plan-backup.ts'
export { type Restored, refuseUnfinishedRestore, restoreArchive } from './restore-archive.ts'
export { visible } from './visible.ts'
export { writeArchive } from './write-archive.ts'
