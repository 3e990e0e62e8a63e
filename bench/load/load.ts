import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, startProgram } from '../../tests/harness/program.ts'
import { ROOT } from '../../tests/harness/programs.ts'
import { run } from '../../tests/harness/run.ts'
import type { Scope } from '../../tests/harness/scope.ts'

const FOLDER = import.meta.dirname
const BINARY = join(ROOT, 'node_modules/.cache/bench/load')
/** A visit that takes longer than this hangs: the longest of them lasts well under a minute. */
const VISIT_LIMIT_MS = 90_000

/** The program that makes load: one of its kind for each role, each in a process of its own. */
export interface Load {
  /** Something listening that visitors reach through a tunnel. */
  startTarget(scope: Scope): Promise<number>
  /** A line to a port of this machine that is so long; returns the port at its near end. */
  startDelay(scope: Scope, targetPort: number, oneWayMs: number): Promise<number>
  /** Runs a visitor to its end. @returns its figures. @throws with what it said, when it failed */
  visit(scope: Scope, words: readonly (string | number)[]): Promise<Readonly<Record<string, number>>>
}

/**
 * Compiles the program where that is needed.
 * @throws Error that says what to install when there is no C compiler
 */
export function prepareLoad(): Load {
  build()
  return {
    startTarget: (scope) => listening(startProgram(scope, { name: 'target', command: BINARY, args: ['target'] })),
    startDelay(scope, targetPort, oneWayMs) {
      const args = ['delay', '0', String(targetPort), String(oneWayMs)]
      return listening(startProgram(scope, { name: 'delay', command: BINARY, args }))
    },
    async visit(scope, words) {
      const args = words.map(String)
      const { code, output, stdout } = await run(scope, {
        name: `load ${args[0]}`,
        command: BINARY,
        args,
        limitMs: VISIT_LIMIT_MS,
      })
      if (code !== 0) throw new Error(`load ${args.join(' ')} ended with ${code}: ${output.trim()}`)
      return JSON.parse(stdout) as Record<string, number>
    },
  }
}

async function listening(program: Program): Promise<number> {
  const [, port] = await program.waitFor(/port (\d+)/)
  return Number(port)
}

function build(): void {
  const sources = globSync('*.{c,h}', { cwd: FOLDER }).map((name) => join(FOLDER, name))
  const changedAt = Math.max(...sources.map((path) => statSync(path).mtimeMs))
  if ((statSync(BINARY, { throwIfNoEntry: false })?.mtimeMs ?? 0) > changedAt) return
  mkdirSync(join(BINARY, '..'), { recursive: true })
  const files = sources.filter((path) => path.endsWith('.c'))
  try {
    execFileSync('cc', ['-O2', '-pthread', '-o', BINARY, ...files], { stdio: ['ignore', 'inherit', 'inherit'] })
  } catch (error) {
    throw new Error('the bench needs a C compiler called cc (Debian packages gcc and libc6-dev)', { cause: error })
  }
}
