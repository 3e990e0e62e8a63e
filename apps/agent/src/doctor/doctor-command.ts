import { findingsAsJson, hasFailure, renderFindings } from '@rport/host'
import type { LoadedAgentConfig } from '../config/index.ts'
import { type ExaminationDeps, examineAgent } from './examine-agent.ts'

const USAGE = `Usage: rport doctor [--json] [flags] [server]

Why can this machine not connect? Goes the agent's way to its server step by step - name, connection, proxy, certificate, WebSocket,
fingerprint, credentials, clock - and says the way out of the first that fails. It logs in and leaves: an agent that runs is not disturbed.

All flags of the agent are understood: -c FILE, --auth, --fingerprint, --proxy …
      --json   for programs: {"ok": …, "findings": [{"check", "outcome": "ok"|"warn"|"fail", "detail", "fix"}]}

Exit code 0: it can connect; 1: it cannot. Run it as the user that rport runs as:
  sudo -u rport rport doctor -c /etc/rport/rport.conf
`

export interface DoctorDeps extends ExaminationDeps {
  /** Reads the settings as a start of the agent would. */
  readonly loadSettings: (argv: readonly string[]) => LoadedAgentConfig
  readonly print: (text: string) => void
}

/** `rport doctor …`. @param argv  what follows the word  @returns the exit code */
export async function runDoctor(argv: readonly string[], deps: DoctorDeps): Promise<number> {
  if (argv.some((word) => word === '--help' || word === '-h')) {
    deps.print(USAGE)
    return 0
  }
  const loaded = deps.loadSettings(argv.filter((word) => word !== '--json'))
  if (loaded.kind === 'print') {
    deps.print(loaded.text)
    return 0
  }
  const findings = await examineAgent(loaded, deps)
  deps.print(argv.includes('--json') ? findingsAsJson(findings) : renderFindings(findings))
  return hasFailure(findings) ? 1 : 0
}
