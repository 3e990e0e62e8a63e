import { spawn } from 'node:child_process'
import type { RunProcess } from './features/inventory/index.ts'

/**
 * Starts a program without a shell: no text can become a command line here. Rejects when it cannot be started, prints more
 * than asked for, or takes too long; then it is killed.
 */
export const runProcess: RunProcess = (file, args, { timeoutMs, maxOutputBytes }) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { stdio: ['ignore', 'pipe', 'ignore'], shell: false, windowsHide: true })
    const parts: Buffer[] = []
    let byteCount = 0
    const fail = (error: Error) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error(`${file} took longer than ${timeoutMs} ms`)), timeoutMs)
    child.stdout.on('data', (bytes: Buffer) => {
      byteCount += bytes.length
      if (byteCount > maxOutputBytes) fail(new Error(`${file} printed more than ${maxOutputBytes} bytes`))
      else parts.push(bytes)
    })
    child.on('error', fail)
    child.on('close', (exitCode) => {
      clearTimeout(timer)
      resolve({ exitCode, stdout: Buffer.concat(parts).toString('utf8') })
    })
  })
