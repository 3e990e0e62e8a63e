import { closeSync, openSync, writeSync } from 'node:fs'
import { errorCode, errorMessage } from '@rport/kit'
import { StartError } from './start-error.ts'

/** New log files can be read by the group: log shippers and fail2ban run as other users, everybody else has no business. */
const LOG_FILE_MODE = 0o640
/** A non-blocking pipe that is full is tried this often; the line is dropped then, for the program must not wait for a reader. */
const MAX_TRIES_WHEN_FULL = 50

/** Where finished lines go. Writing never throws. */
export interface LogOutput {
  /** @param line  without line end */
  write(line: string): void
  /** Opens the file anew, after a log rotation has moved it; on failure the old one stays in use and the reason is thrown. */
  reopen(): void
  close(): void
}

/** The calls that a test replaces to fill the disk. */
export interface LogFileSystem {
  open(path: string): number
  write(descriptor: number, bytes: Buffer): number
  close(descriptor: number): void
}

const fileSystem: LogFileSystem = {
  open: (path) => openSync(path, 'a', LOG_FILE_MODE),
  write: (descriptor, bytes) => writeSync(descriptor, bytes),
  close: (descriptor) => closeSync(descriptor),
}

/**
 * Appends to a file, at once and in order: the last line before a crash is on the disk.
 * When the disk is full, lines are lost and counted; the first line that fits again says how many.
 * @throws StartError when the file cannot be opened
 */
export function openLogFile(path: string, files: LogFileSystem = fileSystem): LogOutput {
  const open = () => {
    try {
      return files.open(path)
    } catch (error) {
      throw new StartError(`cannot open the log file ${path}: ${errorMessage(error)}. ${adviceFor(error)}`)
    }
  }
  let descriptor: number | undefined = open()
  let lostLines = 0
  let endsInsideLine = false

  const append = (text: string): boolean => {
    if (descriptor === undefined) return false
    let rest = Buffer.from(text)
    let triesLeft = MAX_TRIES_WHEN_FULL
    while (rest.length > 0) {
      try {
        const written = files.write(descriptor, rest)
        if (written === 0) triesLeft -= 1
        else endsInsideLine = rest[written - 1] !== 0x0a
        rest = rest.subarray(written)
      } catch (error) {
        if (errorCode(error) !== 'EAGAIN') return false
        triesLeft -= 1
      }
      if (triesLeft <= 0) return false
    }
    return true
  }

  return {
    write(line) {
      const apology = lostLines > 0 ? `(${lostLines} log lines were lost: the log could not be written)\n` : ''
      if (append(`${endsInsideLine ? '\n' : ''}${apology}${line}\n`)) lostLines = 0
      else lostLines += 1
    },
    reopen() {
      if (descriptor === undefined) return
      const old = descriptor
      descriptor = open()
      endsInsideLine = false
      files.close(old)
    },
    close() {
      if (descriptor === undefined) return
      files.close(descriptor)
      descriptor = undefined
    },
  }
}

/** Writes to the program's standard output. A reader that went away ends the lines, not the program. */
export function openLogStream(stream: NodeJS.WritableStream): LogOutput {
  stream.on('error', () => undefined) // stays: an error may arrive after the last line
  return {
    write: (line) => void stream.write(`${line}\n`),
    reopen: () => undefined,
    close: () => undefined,
  }
}

function adviceFor(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return 'Create its folder, or set log_file in [logging] to another path.'
    case 'EISDIR':
      return 'Set log_file in [logging] to a file, not a folder.'
    default:
      return 'Give its folder to the user that runs the program, or set log_file in [logging] to another path.'
  }
}
