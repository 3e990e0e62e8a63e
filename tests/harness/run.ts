import { within } from './deadline.ts'
import { type ProgramOptions, startProgram } from './program.ts'
import type { Scope } from './scope.ts'

export interface RunResult {
  code: number | null
  output: string
  stdout: string
}

/** Runs a program to its end. */
export async function run(scope: Scope, options: ProgramOptions & { limitMs?: number }): Promise<RunResult> {
  const program = startProgram(scope, options)
  const { code } = await within(program.exited, `${options.name} ends`, options.limitMs)
  return { code, output: program.output, stdout: program.stdout }
}
