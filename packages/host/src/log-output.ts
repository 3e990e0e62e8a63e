import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { errorCode, errorMessage } from '@rport/kit'
import { type LogRotation, putAside } from './log-rotation.ts'
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
  /** Size of what may be put aside; undefined for what is no file: a pipe, a terminal. */
  sizeOf(descriptor: number): number | undefined
}

export interface LogFileOptions {
  /** Absent: the file grows for ever, or another program puts it aside. */
  rotation?: LogRotation | undefined
  /** The setting that names the file, for advice. */
  setting?: string
  files?: LogFileSystem
}

const fileSystem: LogFileSystem = {
  open: (path) => openSync(path, 'a', LOG_FILE_MODE),
  write: (descriptor, bytes) => writeSync(descriptor, bytes),
  close: (descriptor) => closeSync(descriptor),
  sizeOf: (descriptor) => {
    const found = fstatSync(descriptor)
    return found.isFile() ? found.size : undefined
  },
}

/**
 * Appends to a file, at once and in order: the last line before a crash is on the disk.
 * When the disk is full, lines are lost and counted; the first line that fits again says how many.
 * @throws StartError when the file cannot be opened
 */
export function openLogFile(path: string, options: LogFileOptions = {}): LogOutput {
  const { rotation, setting = 'log_file in [logging]', files = fileSystem } = options
  const open = () => {
    try {
      return files.open(path)
    } catch (error) {
      throw new StartError(`cannot open the log file ${path}: ${errorMessage(error)}. ${adviceFor(error, setting)}`)
    }
  }
  let descriptor: number | undefined = open()
  let lostLines = 0
  let endsInsideLine = false
  let sizeBytes = rotation && files.sizeOf(descriptor)

  const reopen = () => {
    if (descriptor === undefined) return
    const old = descriptor
    descriptor = open()
    sizeBytes = rotation && files.sizeOf(descriptor)
    endsInsideLine = false
    files.close(old)
  }
  /** @returns why it did not work; the file stays in use then */
  const makeRoom = (lineBytes: number): string => {
    if (!rotation || sizeBytes === undefined || sizeBytes === 0) return ''
    if (sizeBytes + lineBytes <= rotation.maxBytes) return ''
    try {
      putAside(path, rotation.keep)
      reopen()
      return ''
    } catch (error) {
      // Tried again after as many bytes, not at every line.
      sizeBytes = 0
      return `(the log could not be put aside: ${errorMessage(error)})\n`
    }
  }

  const append = (text: string): boolean => {
    if (descriptor === undefined) return false
    let rest = Buffer.from(text)
    let triesLeft = MAX_TRIES_WHEN_FULL
    while (rest.length > 0) {
      try {
        const written = files.write(descriptor, rest)
        if (written === 0) triesLeft -= 1
        else endsInsideLine = rest[written - 1] !== 0x0a
        if (sizeBytes !== undefined) sizeBytes += written
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
      const complaint = makeRoom(Buffer.byteLength(line) + 1)
      const apology = lostLines > 0 ? `(${lostLines} log lines were lost: the log could not be written)\n` : ''
      if (append(`${endsInsideLine ? '\n' : ''}${complaint}${apology}${line}\n`)) lostLines = 0
      else lostLines += 1
    },
    reopen,
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

function adviceFor(error: unknown, setting: string): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return `Create its folder, or set ${setting} to another path.`
    case 'EISDIR':
      return `Set ${setting} to a file, not a folder.`
    default:
      return `Give its folder to the user that runs the program, or set ${setting} to another path.`
  }
}
