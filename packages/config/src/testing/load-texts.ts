import type { Program, SectionTable } from '../declaration.ts'
import { type Loaded, load } from '../load.ts'

/** Loads a program's settings from texts instead of the machine's files; the files lie in `/etc/test`. */
export function loadTexts<S extends SectionTable>(
  program: Program<S>,
  texts: {
    readonly argv?: readonly string[]
    readonly env?: Readonly<Record<string, string>>
    /** Text of the file that is read without being named. */
    readonly file?: string
  },
): Loaded<S> {
  const { argv = [], env = {}, file } = texts
  return load(program, {
    argv,
    env,
    cwd: '/etc/test',
    readFile: (path) => {
      if (file !== undefined && path === `/etc/test/${program.implicitFile}`) return file
      throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' })
    },
  })
}
