import { findingsAsJson, hasFailure, renderFindings } from '@rport/host'
import { systemClock } from '@rport/kit'
import { examineServer } from '../doctor/index.ts'
import type { Command } from './command.ts'
import { parseCommandLine } from './command-line.ts'

const USAGE = `Usage: rportd doctor [--json] [-c FILE]

Looks at everything that the server needs - settings, data folder, database, ports, certificates, addresses, limits - and says the
way out of what it finds. Changes nothing; works beside a running server and without one.

  -c, --config FILE     the configuration of the server
      --data-dir DIR    its data folder, when there is no configuration
      --json            for programs: {"ok": …, "findings": [{"check", "outcome": "ok"|"warn"|"fail", "detail", "fix"}]}

Exit code 0: it can work; 1: something is wrong. Run it as the user that rportd runs as:
  sudo -u rport rportd doctor -c /etc/rport/rportd.conf
`

/** `rportd doctor`: what is wrong, and the way out. */
export const doctorCommand: Command = {
  name: 'doctor',
  usage: USAGE,
  async run(words, { loadSettings, print, log }) {
    const line = parseCommandLine('doctor', words, { json: { type: 'boolean' } })
    if (line.wantsHelp) {
      await print(USAGE)
      return 0
    }
    const findings = await examineServer(loadSettings(line.serverArguments), { clock: systemClock, log })
    await print(line.flags.json === true ? findingsAsJson(findings) : renderFindings(findings))
    return hasFailure(findings) ? 1 : 0
  },
}
