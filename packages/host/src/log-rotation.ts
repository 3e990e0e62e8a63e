import { renameSync, rmSync } from 'node:fs'
import { errorCode } from '@rport/kit'

/** When a log file is put aside, and how many of those are kept. */
export interface LogRotation {
  /** A line that would make the file larger begins a new one. */
  readonly maxBytes: number
  /** How many old files are kept, at least one: `x.log.1` is the youngest. */
  readonly keep: number
}

/**
 * Puts a log file aside: `x.log` becomes `x.log.1`, that one `x.log.2`, and the oldest goes.
 * @throws the error of the file system; every line is in one of the files then, too
 */
export function putAside(path: string, keep: number): void {
  rmSync(`${path}.${keep}`, { force: true })
  for (let number = keep - 1; number >= 1; number -= 1) renameIfThere(`${path}.${number}`, `${path}.${number + 1}`)
  renameIfThere(path, `${path}.1`)
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
