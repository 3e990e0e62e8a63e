import { StartError } from './start-error.ts'

export interface RootCheckOptions {
  program: 'rportd' | 'rport'
  /** The setting `allow_root` or the flag `--allow-root`. */
  allowRoot: boolean
  /** Effective user id; undefined where the system has none (Windows). */
  effectiveUid?: number | undefined
}

// compat: tools look for these two texts, which differ in their first letter.
const REFUSAL = {
  rportd: 'By default running as root is not allowed.',
  rport: 'by default running as root is not allowed',
} as const

/**
 * Refuses to run as root unless that was asked for: neither program needs it, and a fault would cost the whole machine.
 * @throws StartError
 */
export function checkRoot({ program, allowRoot, effectiveUid = process.geteuid?.() }: RootCheckOptions): void {
  if (allowRoot || effectiveUid !== 0) return
  const stop = program === 'rportd' ? '' : '.'
  throw new StartError(
    `${REFUSAL[program]}${stop} Start ${program} as a user of its own (useradd --system ${program}), or allow it with --allow-root.`,
  )
}
