import {
  bool,
  duration,
  float,
  hostPort,
  httpUrl,
  int,
  networks,
  oneOf,
  option,
  path,
  secret,
  section,
  text,
  textList,
} from '@rport/config'
import { MS_PER_MINUTE, MS_PER_SECOND } from '@rport/kit'
import { tlsVersion } from './kinds.ts'
import { LOOPBACK } from './server-section.ts'

const DEFAULT_MAX_REQUEST_BYTES = 10 * 1024
const DEFAULT_MAX_FILEPUSH_BYTES = 10 * 1024 * 1024
/** Ninety days, in hours: no token lives longer. */
const LONGEST_TOKEN_HOURS = 2160

const planned = { feature: 'planned' } as const

/** `[api]`: where people and programs reach the API, who they are, and what they may send. */
export const apiSection = section({
  title: 'API',
  description: 'Where people and programs reach the API and the web pages, who they are, and what they may send.',
  options: {
    address: option(hostPort('127.0.0.1:3000'), {
      flag: 'api-addr',
      set: true,
      example: '"127.0.0.1:3000"',
      defaultText: 'off; 127.0.0.1:3000 when there is no configuration file at all',
      description:
        'Address and port of the API. Without it there is no API. Passwords pass here: reach it through HTTPS or an SSH tunnel, or from this machine.',
    }),
    base_url: option(httpUrl(), {
      description: 'Address under which the API is reached from outside.',
      example: '"https://rport.example.com"',
    }),
    enable_acme: option(bool(), {
      default: false,
      description:
        "Have the certificate for the host of base_url made and renewed by Let's Encrypt, whose terms are accepted by it. The API must be reachable as port 443 of that host, or acme_http_port as its port 80.",
    }),
    auth: option(secret('USER:PASSWORD'), {
      flag: 'api-auth',
      description:
        'One administrator. Without it, a user file or tables the server keeps users itself and makes the first one at the first start.',
      example: '"admin:a-long-password"',
    }),
    auth_file: option(path(), {
      flag: 'api-authfile',
      description: 'JSON file with users, their groups and the hashes of their passwords.',
      example: '"/var/lib/rport/api-auth.json"',
    }),
    auth_user_table: option(text(), {
      flag: 'api-auth-user-table',
      description: 'Table with users, in the database of the section database.',
      example: '"users"',
    }),
    auth_group_table: option(text(), {
      flag: 'api-auth-group-table',
      description: 'Table with the groups of users, in the same database.',
      example: '"groups"',
    }),
    auth_group_details_table: option(text(), {
      description:
        'Table with the permissions of groups, in the same database. Without it groups have none of their own.',
      example: '"group_details"',
    }),
    auth_header: option(text(), {
      description:
        'Header by which a reverse proxy says that it has checked the user. Believed from trusted_proxies only; such a proxy must remove the header from what callers send.',
      example: '"Authentication-IsAuthenticated"',
    }),
    user_header: option(text(), {
      default: 'Authentication-User',
      description: 'Header in which that proxy names the user.',
    }),
    create_missing_users: option(bool(), {
      default: false,
      description: 'Make users that such a proxy or an identity provider names and that do not exist yet.',
    }),
    default_user_group: option(text(), {
      default: 'Administrators',
      description: 'Group of users made that way, unless the identity provider names their groups.',
    }),
    jwt_secret: option(secret(), {
      flag: 'api-jwt-secret',
      description: 'Secret that signs sessions. Whoever knows it can log in as anybody.',
      defaultText: 'made at the first start and kept in the data folder',
      example: '"a-long-random-text"',
    }),
    doc_root: option(path(), {
      flag: 'api-doc-root',
      description:
        'Folder with web pages that are served beside the API, such as a web interface. Files whose names begin with a dot are not served, folders are not listed.',
      example: '"/var/lib/rport/docroot"',
    }),
    cert_file: option(path(), {
      flag: 'api-cert-file',
      description:
        'Certificate (PEM, with the intermediate ones) to serve the API with HTTPS. A renewed one is taken over without a restart.',
      example: '"/var/lib/rport/server.crt"',
    }),
    key_file: option(path(), {
      flag: 'api-key-file',
      description: 'Key (PEM) of that certificate.',
      example: '"/var/lib/rport/server.key"',
    }),
    access_log_file: option(path(), {
      flag: 'api-access-log-file',
      description:
        "File for a line about each request, in Apache's combined format and UTC, without secrets. Put aside like the log.",
      example: '"/var/log/rport/api-access.log"',
    }),
    trusted_proxies: option(networks(), {
      default: LOOPBACK,
      since: '2.1.0',
      description:
        'Proxies in front of the API that tell the true address of a caller in X-Forwarded-For. Nobody else is believed.',
    }),
    user_login_wait: option(float({ min: 0, max: 3600 }, 'SECONDS'), {
      default: 2,
      unit: 'seconds',
      description: 'Pause of a user name after a failed login. 0: none.',
    }),
    max_failed_login: option(int({ min: 0 }), {
      default: 10,
      description: 'Failed logins from one address before the address is banned. 0: never.',
    }),
    ban_time: option(int({ min: 0 }, 'SECONDS'), {
      default: 600,
      unit: 'seconds',
      description: 'How long such an address is banned. 0: not at all.',
    }),
    max_token_lifetime: option(int(), {
      default: 0,
      unit: 'hours',
      description: 'Longest life of a login session, up to 2160. 0: 2160.',
      validate: (hours) =>
        hours < 0 || hours > LONGEST_TOKEN_HOURS
          ? {
              message: `API: max_token_lifetime outside allowable ranges. must be between 0 and ${LONGEST_TOKEN_HOURS}`,
              fix: 'write a number of hours in this range',
            }
          : undefined,
    }),
    password_min_length: option(int({ min: 1, max: 1000 }), {
      default: 14,
      description: 'Fewest characters that a new password must have.',
    }),
    password_zxcvbn_minscore: option(int({ min: -1, max: 4 }), {
      default: 0,
      description:
        'How hard to guess a new password must be, from 1 to 4 as zxcvbn counts; 3 is good advice. 0 and -1: not checked.',
    }),
    tls_min: option(tlsVersion(), {
      default: '1.3',
      description: 'Smallest version of TLS for the API.',
    }),
    enable_ws_test_endpoints: option(bool(), {
      ...planned,
      default: false,
      description: 'Serve web pages that try out the WebSockets of the API.',
    }),
    max_request_bytes: option(int({ min: 1024, max: 64 * 1024 * 1024 }, 'BYTES'), {
      default: DEFAULT_MAX_REQUEST_BYTES,
      flag: 'max-request-bytes',
      unit: 'bytes',
      description: 'Largest body of a request, and largest sum of its headers.',
    }),
    max_filepush_size: option(int({ min: 1 }, 'BYTES'), {
      ...planned,
      default: DEFAULT_MAX_FILEPUSH_BYTES,
      flag: 'max-filepush-bytes',
      unit: 'bytes',
      description: 'Largest file that may be sent to clients.',
    }),
    cors: option(textList('ORIGINS'), {
      default: [],
      description: 'Origins of other web pages that may call the API: "*" or "https://host".',
    }),
    two_fa_token_delivery: option(text(), {
      description:
        'How a second factor reaches the user: "smtp", "pushover", a program, or the URL of a service. Empty: no second factor.',
      example: '"smtp"',
    }),
    two_fa_token_ttl_seconds: option(int({ min: 1 }, 'SECONDS'), {
      default: 600,
      unit: 'seconds',
      description: 'How long such a code is good.',
    }),
    two_fa_send_timeout: option(duration({ min: 1 }), {
      default: 10 * MS_PER_SECOND,
      description: 'How long sending it may take.',
    }),
    two_fa_send_to_type: option(
      oneOf(['none', 'email', 'regex'], (bad) => `invalid api.two_fa_send_to_type: ${bad}`),
      {
        default: 'none',
        description: 'How a new receiver of codes is checked, when a program delivers them.',
      },
    ),
    two_fa_send_to_regex: option(text(), {
      description: 'Expression that a receiver must match, with the type "regex".',
      example: "'[a-z0-9]{10}'",
    }),
    totp_enabled: option(bool(), {
      default: false,
      description: 'Ask for a code of an authenticator app after the password.',
    }),
    totp_login_session_ttl: option(duration({ min: 1 }), {
      default: 10 * MS_PER_MINUTE,
      description: 'Time between password and code.',
    }),
    totp_account_name: option(text(), {
      default: 'RPort',
      description: 'Name of this server in the authenticator app.',
    }),
    enable_audit_log: option(bool(), {
      default: true,
      description: 'Write down who did what.',
    }),
    use_ip_obfuscation: option(bool(), {
      default: false,
      description: 'Hide the last part of IPv4 addresses there, from everybody and for good.',
    }),
    audit_log_rotation: option(
      oneOf(['daily', 'weekly', 'monthly', 'yearly'], (bad) => `API: invalid api.audit_log_rotation: ${bad}`),
      {
        default: 'monthly',
        description:
          'When older entries of the audit log are moved to a file in the data folder: at the start of a day, a week, a month or a year (UTC).',
      },
    ),
  },
})
