import { bool, int, oneOf, option, path, secret, section, text } from '@rport/config'
import { MS_PER_HOUR } from '@rport/kit'
import { days, daysOrHours, longDuration } from './kinds.ts'

const MS_PER_DAY = 24 * MS_PER_HOUR
const planned = { feature: 'planned' } as const

export const loggingSection = section({
  title: 'Log',
  description: 'Where the log goes, and how much of it.',
  options: {
    log_file: option(path(), {
      flag: 'log-file',
      short: 'l',
      description: 'File that the log is added to. Without it the log goes to standard output.',
      defaultText: 'standard output',
      example: '"/var/log/rport/rportd.log"',
    }),
    log_level: option(
      oneOf(['error', 'info', 'debug'], (bad) => `invalid log level: ${bad}`),
      { default: 'info', flag: 'log-level', description: 'How much is written.' },
    ),
    log_format: option(
      oneOf(['text', 'json'], (bad) => `invalid log format: ${bad}`),
      {
        default: 'text',
        since: '2.1.0',
        description: 'How lines look: "text" for people, "json" with one object per line for programs.',
      },
    ),
    log_max_size: option(int({ min: 0, max: 100_000 }, 'MEGABYTES'), {
      default: 100,
      unit: 'megabytes',
      since: '2.1.0',
      description:
        'Size at which a log file is put aside as FILE.1 and a new one is begun; holds for access_log_file, too. 0: never, another program does it and sends SIGHUP.',
    }),
    log_keep: option(int({ min: 1, max: 1000 }), {
      default: 10,
      since: '2.1.0',
      description: 'How many log files that were put aside are kept.',
    }),
  },
})

export const databaseSection = section({
  title: 'Database of users and credentials',
  description: 'An existing database with users of the API or credentials of agents. Not needed otherwise.',
  options: {
    db_type: option(
      oneOf(
        ['mysql', 'postgres', 'sqlite'],
        (bad) => `invalid 'db_type', expected 'mysql', 'postgres' or 'sqlite', got ${bad}`,
      ),
      {
        flag: 'db-type',
        description: 'Kind of the database: "sqlite", "mysql" (MySQL and MariaDB) or "postgres".',
        example: '"sqlite"',
      },
    ),
    db_host: option(text(), {
      flag: 'db-host',
      description: 'MySQL, MariaDB and PostgreSQL: address as host:port, or socket:/path.',
      defaultText: 'this machine',
      example: '"127.0.0.1:3306"',
    }),
    db_user: option(text(), {
      flag: 'db-user',
      description: 'MySQL, MariaDB and PostgreSQL: user.',
      example: '"rport"',
    }),
    db_password: option(secret(), {
      flag: 'db-password',
      description: 'MySQL, MariaDB and PostgreSQL: password.',
      example: '"a-long-password"',
    }),
    db_name: option(text(), {
      flag: 'db-name',
      description: 'SQLite: path of the file. MySQL, MariaDB and PostgreSQL: name of the database.',
      example: '"/var/lib/rport/database.sqlite3"',
    }),
  },
})

export const pushoverSection = section({
  title: 'Pushover',
  description: 'Account at pushover.net, for second factors by push message.',
  options: {
    api_token: option(secret(), { description: 'Token of the application.' }),
    user_key: option(secret(), { description: 'Key of the user.' }),
  },
})

export const smtpSection = section({
  title: 'Mail',
  description: 'Mail server, for second factors and notifications.',
  options: {
    server: option(text(), { description: 'Address as host:port.', example: '"smtp.example.com:587"' }),
    sender_email: option(text(), { description: 'Address of the sender.', example: '"rport@example.com"' }),
    auth_username: option(text(), { description: 'User, if the server asks for one.' }),
    auth_password: option(secret(), { description: 'Password of that user.' }),
    secure: option(bool(), {
      default: false,
      description: 'Speak TLS from the first byte. Otherwise it is begun when the server offers it.',
    }),
  },
})

export const notificationsSection = section({
  title: 'Notifications',
  description: 'How notifications are sent, and how long their log is kept.',
  options: {
    notification_script_dir: option(path(), {
      ...planned,
      default: '/usr/local/lib/rport/notification_scripts',
      description: 'Folder with the scripts that notifications may start.',
    }),
    log_storage_duration: option(longDuration(), {
      ...planned,
      default: 7 * MS_PER_DAY,
      description: 'How long the log of notifications is kept.',
    }),
    cleanup_interval: option(longDuration(), {
      ...planned,
      default: MS_PER_DAY,
      description: 'How often old entries are removed.',
      validate: (periodMs) => (periodMs <= 0 ? 'notifications.cleanup_interval must be more than 0' : undefined),
    }),
  },
})

export const monitoringSection = section({
  title: 'Monitoring',
  description: 'Measurements that agents send.',
  options: {
    enabled: option(bool(), { ...planned, default: true, description: 'Take and keep measurements.' }),
    data_storage_duration: option(daysOrHours(), {
      ...planned,
      default: 7 * MS_PER_DAY,
      description: 'How long measurements are kept.',
    }),
    data_storage_days: option(days(), {
      default: 0,
      flag: 'monitoring-data-storage-days',
      deprecatedFor: 'monitoring.data_storage_duration',
      description: 'Older name, in days.',
    }),
  },
})

export const subdomainsSection = section({
  title: 'Tunnels on sub-domains',
  description: 'Tunnels to web servers under names of their own instead of ports, by the web server Caddy.',
  options: {
    caddy: option(path(), { ...planned, description: 'Path of the program caddy.', example: '"/usr/bin/caddy"' }),
    address: option(text(), {
      ...planned,
      description: 'Address and port where such tunnels are reached.',
      example: '"0.0.0.0:8443"',
    }),
    subdomain_prefix: option(text(), {
      ...planned,
      description: 'Domain under which the names of tunnels stand.',
      example: '"tunnels.example.com"',
    }),
    cert_file: option(path(), { ...planned, description: 'Certificate (PEM) for all names of that domain.' }),
    key_file: option(path(), { ...planned, description: 'Key (PEM) of that certificate.' }),
    api_hostname: option(text(), {
      ...planned,
      description: 'Name under which the API is reached on the same port.',
      example: '"rport.example.com"',
    }),
    api_port: option(text(), { ...planned, description: 'Port of the API behind it.', example: '"3000"' }),
    api_cert_file: option(path(), { ...planned, description: 'Certificate (PEM) for that name.' }),
    api_key_file: option(path(), { ...planned, description: 'Key (PEM) of that certificate.' }),
    tls_min: option(
      oneOf(['1.2', '1.3'], () => 'tls_min not a known tls protocol version'),
      { ...planned, description: 'Smallest version of TLS.', example: '"1.3"' },
    ),
  },
})

/** Nothing is bought any more: the sections are known, their keys are dead. */
export const plusSection = section({ title: 'Plug-in of the original', description: 'Ignored.', options: {} })
