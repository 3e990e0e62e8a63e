import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { send } from '@fastify/send'
import { errorMessage, type Logger } from '@rport/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Web pages beside the API, from a folder of the administrator. */
export interface Files {
  /** Says in the log when the folder cannot be served. */
  check(): Promise<void>
  /** Answers with the file that the path names. @returns false when there is none: nothing has been sent then */
  answer(request: FastifyRequest, reply: FastifyReply): Promise<boolean>
}

/**
 * Pages of the web interface that exist in the browser only: whoever opens such an address gets the page at `/`.
 * compat: the original compares the beginning of the text, so that `/authx` is one of them, too.
 */
const BROWSER_PATHS = [
  '/dashboard',
  '/auth',
  '/tunnels',
  '/inventory',
  '/documentation',
  '/commands',
  '/scripts',
  '/settings',
]

/** Browsers ask each time whether a file has changed; the answer is short when it has not. */
const CACHE_CONTROL = 'public, max-age=0, must-revalidate'

/**
 * Serves a folder: `index.html` for folders, ranges, ETag and Last-Modified, nothing whose name begins with a dot, no listings,
 * nothing outside. Links inside are followed: only who may write there can make them.
 */
export function createFiles(folder: string, log: Logger): Files {
  const root = resolve(folder)

  const open = async (request: FastifyRequest, path: string) => {
    const result = await send(request.raw, path, {
      root,
      dotfiles: 'ignore',
      index: 'index.html',
      cacheControl: false,
      acceptRanges: true,
    })
    return result.type === 'directory' || (result.type === 'error' && result.statusCode < 412) ? undefined : result
  }

  return {
    async check() {
      const fix = 'name the folder that holds index.html in [api] doc_root, or leave it out'
      try {
        // Not the end of the start: the original starts without it too, and its example file names one that may be missing.
        if (!(await stat(root)).isDirectory()) log.warn({ folder: root, fix }, 'doc_root is no folder: no web pages')
      } catch (error) {
        log.warn({ folder: root, reason: errorMessage(error), fix }, 'doc_root cannot be read: no web pages')
      }
    },
    async answer(request, reply) {
      const path = request.url.split('?', 1)[0] ?? '/'
      // compat: as the original, so that a page has one address.
      if (path.endsWith('/index.html')) {
        await reply.code(301).header('location', './').send()
        return true
      }
      const found = await open(request, path)
      const result =
        found ?? (BROWSER_PATHS.some((start) => path.startsWith(start)) ? await open(request, '/') : undefined)
      if (!result) return false
      await reply
        .code(result.statusCode)
        .headers({ ...result.headers, 'cache-control': CACHE_CONTROL })
        .send(result.stream as Readable)
      return true
    },
  }
}
