import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '@rport/host'
import { errorCode, errorMessage, type Logger } from '@rport/kit'
import { type ClientMetadata, RequestRefused, updateClientMetadata } from '@rport/protocol'

/** Tags and labels of this machine: from the configuration, or from a file that the server may change. */
export interface Attributes {
  current(): ClientMetadata
  /** Reads the file, once at start. One that cannot be read is said and leaves the configured values. */
  load(): Promise<void>
  /** Replaces both, in the file and from now on. @throws RequestRefused with the original's text when there is no file */
  replace(metadata: ClientMetadata): Promise<void>
}

/** Far above what tags and labels need; the file may be somebody's mistake. */
const MAX_FILE_BYTES = 1024 * 1024

export function createAttributes(deps: {
  configured: ClientMetadata
  /** `client.attributes_file_path`; undefined: there is none. */
  path: string | undefined
  log: Logger
}): Attributes {
  const { path, log } = deps
  let current = deps.configured
  return {
    current: () => current,
    async load() {
      if (path === undefined) return
      try {
        const text = await readFile(path, 'utf8')
        if (text.length > MAX_FILE_BYTES) throw new Error(`more than ${MAX_FILE_BYTES} bytes`)
        current = updateClientMetadata.ask.decode(text)
        log.info({ path }, 'attributes file read')
      } catch (error) {
        const reason = errorCode(error) === 'ENOENT' ? 'it does not exist yet' : errorMessage(error)
        log.warn({ path, reason }, 'attributes file not used: tags and labels of the configuration count')
      }
    },
    async replace(metadata) {
      if (path === undefined) throw new RequestRefused('attributes file path not set')
      try {
        await writeFileAtomic(path, updateClientMetadata.ask.encode(metadata), { mode: 0o600 })
      } catch (error) {
        log.error({ path, error }, 'attributes file not written')
        throw new RequestRefused(`can't write attributes to file: ${errorMessage(error)}`)
      }
      current = metadata
      log.info({ path }, 'attributes replaced by the server')
    },
  }
}
