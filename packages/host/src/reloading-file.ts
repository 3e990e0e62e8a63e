import { readFile, stat } from 'node:fs/promises'
import { type Clock, errorCode, errorMessage, type Logger, MS_PER_SECOND } from '@rport/kit'
import { writeFileAtomic } from './atomic-file.ts'
import { StartError } from './start-error.ts'

/** A file of settings that people and other programs edit while we run. */
export interface ReloadingFile<T> {
  /**
   * What the file says, as of a second ago at the latest. A file that cannot be read or understood changes nothing: the last
   * good state stays in force, and one error is logged for each damaged version.
   */
  current(): Promise<T>
  /**
   * Replaces the file by what `edit` makes of its content of this moment; changes run one after the other.
   * @throws whatever `edit` throws; an error when the file cannot be understood, so that nobody's half-done work is overwritten
   */
  change(edit: (value: T) => string): Promise<void>
  /** Why the last version was not taken; undefined while all is well. */
  readonly problem: string | undefined
}

export interface ReloadingFileOptions<T> {
  readonly path: string
  /** @throws for a text that makes no sense; the message becomes the reason in the log: no secrets */
  readonly parse: (text: string) => T
  readonly clock: Clock
  readonly log: Logger
  /** Larger files are refused. Default 16 MiB. */
  readonly maxBytes?: number
}

const CHECK_EVERY_MS = MS_PER_SECOND
const MAX_BYTES = 16 * 1024 * 1024

/**
 * Reads the file once and looks for changes from then on, whenever somebody asks.
 * @throws StartError naming the file and the reason
 */
export async function openReloadingFile<T>(options: ReloadingFileOptions<T>): Promise<ReloadingFile<T>> {
  const { path, parse, clock, log, maxBytes = MAX_BYTES } = options

  const read = async (): Promise<{ text: string; version: string }> => {
    const found = await stat(path)
    if (found.size > maxBytes) throw new Error(`it has ${found.size} bytes, ${maxBytes} are allowed`)
    const version = `${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}`
    return { text: await readFile(path, 'utf8'), version }
  }
  const versionNow = async () => {
    const found = await stat(path)
    return `${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}`
  }

  const load = async () => {
    const { text, version } = await read()
    return { value: parse(text), version, isEmpty: text.trim() === '' }
  }
  let state: Awaited<ReturnType<typeof load>>
  try {
    state = await load()
  } catch (error) {
    throw new StartError(`cannot use ${path}: ${errorMessage(error)}`)
  }
  let checkedAt = clock.monotonic()
  let refused: { version: string; reason: string } | undefined
  let emptyVersion: string | undefined
  let checking: Promise<void> | undefined
  let changes: Promise<unknown> = Promise.resolve()

  const refuse = (version: string, reason: string) => {
    if (refused?.version !== version)
      log.error({ path, reason }, 'file was not taken over, its last good state stays in force')
    refused = { version, reason }
  }

  const check = async () => {
    let version = 'unreadable'
    try {
      version = await versionNow()
      if (version === state.version) {
        refused = undefined
        return
      }
      if (version === refused?.version) return
      const next = await load()
      // Editors empty a file before they fill it: an empty one counts when it is still empty at the next look.
      if (next.isEmpty && !state.isEmpty && emptyVersion !== next.version) {
        emptyVersion = next.version
        return
      }
      state = next
      refused = undefined
      log.info({ path }, 'file was read again')
    } catch (error) {
      const code = errorCode(error)
      refuse(code === undefined ? version : code, errorMessage(error))
    }
  }

  const current = async () => {
    if (clock.monotonic() - checkedAt >= CHECK_EVERY_MS) {
      checkedAt = clock.monotonic()
      checking = check().finally(() => {
        checking = undefined
      })
    }
    await checking
    return state.value
  }

  return {
    current,
    change(edit) {
      const change = changes.then(async () => {
        const { value } = await load()
        const text = edit(value)
        parse(text) // what we could not read back must not replace what we could
        await writeFileAtomic(path, text, { mode: 0o600, keepExistingMode: true })
        state = await load()
        refused = undefined
      })
      changes = change.catch(() => undefined) // the next change must not inherit this one's failure
      return change
    },
    get problem() {
      return refused?.reason
    },
  }
}
