import { type Program, renderExample, renderManual } from '@rport/config'
import { agentProgram } from '../../apps/agent/src/config/index.ts'
import { serverProgram } from '../../apps/server/src/config/index.ts'

/** The commented example file and the manual page of each program. */
export const configFiles = [...filesOf(serverProgram), ...filesOf(agentProgram)]

function filesOf(program: Program) {
  return [
    { path: `${program.name}.example.conf`, render: () => renderExample(program) },
    { path: `docs/manual/${program.name}-config.md`, render: () => renderManual(program) },
  ]
}
