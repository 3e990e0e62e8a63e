/** What is wrong with a setting, for the person who can mend it. */
export interface Fault {
  /** `usage`: the command line itself; `setting`: a value, wherever it came from. */
  readonly kind: 'usage' | 'setting'
  readonly message: string
  /** File and line, environment variable or flag; and what stands there. Secrets are masked. */
  readonly where?: string
  /** What to do. For `usage` a sentence of its own, with its end mark. */
  readonly fix?: string
}

/** Something that the log should say once it is open. Nothing in it is secret. */
export interface Notice {
  readonly level: 'info' | 'warn'
  readonly message: string
  readonly fields: Readonly<Record<string, string>>
}

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number | undefined }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'flag'; readonly name: string }
  | { readonly kind: 'argument' }

/** The origin in words. */
export function describeOrigin(origin: Origin): string {
  if (origin.kind === 'file') return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`
  if (origin.kind === 'environment') return `environment variable ${origin.name}`
  if (origin.kind === 'argument') return 'command line'
  return origin.kind === 'flag' ? `flag --${origin.name}` : 'default'
}

/** All faults, one paragraph each, ready for standard error. */
export function formatFaults(
  program: { readonly name: string; readonly faultFrame: { readonly prefix: string; readonly suffix: string } },
  faults: readonly Fault[],
): string {
  const { prefix, suffix } = program.faultFrame
  const paragraphs = faults.map(({ kind, message, where, fix }) => {
    if (kind === 'usage') return `Error: ${message}.${fix ? ` ${fix}` : ''} See ${program.name} --help`
    const details = [where, fix && `Fix: ${fix}`].filter(Boolean).map((line) => `\n  ${line}`)
    return `${prefix}${message}${suffix}${details.join('')}`
  })
  return `${paragraphs.join('\n')}\n`
}
