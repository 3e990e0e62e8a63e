import type { Program, Section, Settings } from '@rport/config'
import { clientSection } from './sections/client-section.ts'
import { interpreterAlias } from './sections/kinds.ts'
import {
  commandsSection,
  connectionSection,
  fileReceptionSection,
  loggingSection,
  monitoringSection,
  scriptsSection,
  tunnelsSection,
} from './sections/other-sections.ts'

const aliasesSection = {
  title: 'Interpreters',
  description: 'Short names of interpreters for scripts: name = path, or with the encodings of input and output.',
  options: {},
  freeKeys: {
    type: interpreterAlias(),
    example: `pwsh7 = 'C:\\Program Files\\PowerShell\\7\\pwsh.exe'\nlatin = ["/usr/bin/bash", "iso-8859-1"]`,
    feature: 'planned',
  },
} as const satisfies Section

const sections = {
  client: clientSection,
  connection: connectionSection,
  logging: loggingSection,
  'remote-commands': commandsSection,
  'remote-scripts': scriptsSection,
  monitoring: monitoringSection,
  'file-reception': fileReceptionSection,
  'interpreter-aliases': aliasesSection,
  tunnels: tunnelsSection,
}

/** The sections of `rport.conf`. */
export type AgentSections = typeof sections

/** The values of `rport.conf`, as it writes them. */
export type AgentSettings = Settings<AgentSections>

/** Every setting of `rport`. */
export const agentProgram: Program<AgentSections> = {
  name: 'rport',
  summary: 'the agent of RPort. It connects this machine to a server.',
  usage: 'rport [flags] <server> [remote ...]',
  examples: [
    'rport --auth agents:a-long-password --fingerprint 5d:b3:... rport.example.com:8080',
    'rport --auth agents:a-long-password --fingerprint 5d:b3:... rport.example.com:8080 2222:22',
    'rport -c /etc/rport/rport.conf',
  ],
  commands: [{ name: 'doctor', summary: 'says why this machine cannot connect, and the way out' }],
  implicitFile: 'rport.conf',
  sections,
  flags: [
    {
      flag: 'config',
      short: 'c',
      placeholder: 'FILE',
      description: 'Configuration file (default ./rport.conf if there is one).',
    },
    {
      flag: 'service',
      placeholder: 'ACTION',
      description: 'As root: install, uninstall, start or stop the service; print shows what install writes.',
    },
    { flag: 'service-user', placeholder: 'USER', description: 'The user that the service runs as (default rport).' },
    { flag: 'version', placeholder: '', description: 'Print the version and end.' },
    { flag: 'help', short: 'h', placeholder: '', description: 'Print this text and end.' },
  ],
  deadKeys: [
    {
      section: 'monitoring',
      key: 'pm_enable_kerneltask_monitoring',
      reason: 'no release has read this name; use pm_kerneltasks_enabled',
    },
    {
      section: 'monitoring',
      key: 'pm_max_number_monitored_processes',
      reason: 'no release has read this name; use pm_max_number_processes',
    },
  ],
  faultFrame: { prefix: 'invalid config: ', suffix: '. Check your config file' },
}
