import { checkDatabaseFile } from './integrity.ts'
import { migrations } from './migrations/index.ts'

/** Looks whether a file of the server's own database is whole and known to this version. Writes nothing. @throws DatabaseError */
export const checkDatabase = (file: string): Promise<void> => checkDatabaseFile(file, migrations)
