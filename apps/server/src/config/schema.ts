import type { Program, Settings } from '@rport/config'
import { apiSection } from './sections/api-section.ts'
import { metricsSection } from './sections/metrics-section.ts'
import { oauthSection } from './sections/oauth-section.ts'
import {
  databaseSection,
  loggingSection,
  monitoringSection,
  notificationsSection,
  plusSection,
  pushoverSection,
  smtpSection,
  subdomainsSection,
} from './sections/other-sections.ts'
import { serverSection } from './sections/server-section.ts'
import { vaultSection } from './sections/vault-section.ts'

const sections = {
  server: serverSection,
  logging: loggingSection,
  api: apiSection,
  database: databaseSection,
  'caddy-integration': subdomainsSection,
  pushover: pushoverSection,
  smtp: smtpSection,
  notifications: notificationsSection,
  monitoring: monitoringSection,
  'plus-plugin': plusSection,
  'plus-license': plusSection,
  'plus-oauth': oauthSection,
  vault: vaultSection,
  metrics: metricsSection,
}

/** The sections of `rportd.conf`. */
export type ServerSections = typeof sections

/** The values of `rportd.conf`, as it writes them. */
export type ServerSettings = Settings<ServerSections>

const NO_LICENCE = 'there is no plug-in and no licence any more: everything is a part of the server'

/** Every setting of `rportd`. */
export const serverProgram: Program<ServerSections> = {
  name: 'rportd',
  summary: 'the server of RPort. Agents connect to it, people use its API.',
  usage: 'rportd [flags]',
  examples: [
    'rportd --data-dir ~/rport                        first steps: makes and shows all credentials',
    'rportd -c /etc/rport/rportd.conf',
    'rportd --addr 0.0.0.0:9999 --auth agents:a-long-password --data-dir /var/lib/rport',
  ],
  commands: [
    { name: 'audit', summary: 'proves that nobody rewrote the audit log, or writes it out' },
    { name: 'backup', summary: 'writes everything that the server needs into one archive' },
    { name: 'doctor', summary: 'says what is wrong, and the way out' },
    { name: 'restore', summary: 'puts an archive back' },
    { name: 'user', summary: 'creates, changes and deletes users' },
  ],
  implicitFile: 'rportd.conf',
  sections,
  flags: [
    {
      flag: 'config',
      short: 'c',
      placeholder: 'FILE',
      description: 'Configuration file (default ./rportd.conf if there is one).',
    },
    {
      flag: 'port',
      short: 'p',
      placeholder: 'PORT',
      description: 'Port where agents connect, on all IPv4 addresses; --addr says both.',
    },
    { flag: 'version', placeholder: '', description: 'Print the version and end.' },
    { flag: 'help', short: 'h', placeholder: '', description: 'Print this text and end.' },
    {
      flag: 'save-clients-interval',
      placeholder: 'DURATION',
      description: '',
      dead: 'clients are saved as they change',
    },
  ],
  deadKeys: [
    { section: 'plus-plugin', key: 'plugin_path', reason: NO_LICENCE },
    { section: 'plus-license', key: 'id', reason: NO_LICENCE },
    { section: 'plus-license', key: 'key', reason: NO_LICENCE },
    { section: 'plus-license', key: 'proxy_url', reason: NO_LICENCE },
  ],
  faultFrame: { prefix: 'Invalid config: ', suffix: '. See --help' },
}
