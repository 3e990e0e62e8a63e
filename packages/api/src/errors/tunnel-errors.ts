import type { ErrorRow } from './error-row.ts'

/** Errors of tunnels, in the order in which a request is checked. */
export const tunnelErrors = {
  tunnel_remote_invalid: {
    status: 400,
    title: 'failed to decode "{remote}": {reason}',
    when: '`local`, `remote` and `protocol` together make no address: `remote` is `PORT` or `HOST:PORT`, `protocol` is tcp, udp or tcp+udp.',
  },
  tunnel_protocol_unsupported: {
    status: 400,
    title: 'Tunnels of protocol {protocol} are not supported by this server.',
    when: 'Only `tcp` can be opened so far.',
  },
  tunnel_scheme_too_long: {
    status: 400,
    code: 'ERR_CODE_URI_SCHEME_LENGTH_EXCEED',
    title: 'Invalid URI scheme.',
    detail: 'Exceeds the max length.',
    when: '`scheme` is longer than 15 bytes.',
  },
  tunnel_proxy_disabled: {
    status: 400,
    title: 'creation of tunnel proxy not enabled',
    when: '`http_proxy` needs a certificate for the tunnel proxy in the configuration.',
  },
  tunnel_proxy_unsupported: {
    status: 400,
    title: 'Tunnels with http_proxy are not supported by this server.',
    when: 'Open the tunnel without `http_proxy` and use it as plain TCP.',
  },
  tunnel_proxy_invalid: {
    status: 400,
    title: 'Invalid http_proxy param: {value}.',
    when: '`http_proxy` is one of 1, t, true, 0, f, false.',
  },
  tunnel_proxy_without_scheme: {
    status: 400,
    title: 'tunnel proxy not allowed without scheme',
    when: '`http_proxy` needs `scheme` to be http, https, vnc or rdp.',
  },
  tunnel_proxy_scheme: {
    status: 400,
    title: 'tunnel proxy not allowed with scheme {scheme}',
    when: '`http_proxy` needs `scheme` to be http, https, vnc or rdp.',
  },
  tunnel_proxy_protocol: {
    status: 400,
    title: 'tunnel proxy not allowed with protcol {protocol}',
    when: '`http_proxy` needs protocol tcp.',
  },
  tunnel_host_header_without_proxy: {
    status: 400,
    title: 'host_header not allowed when http_proxy is false',
    when: '`host_header` belongs to `http_proxy`.',
  },
  tunnel_auth_without_proxy: {
    status: 400,
    title: 'http basic authentication requires http_proxy to be activated on the requested tunnel',
    when: '`auth_user` and `auth_password` belong to `http_proxy`.',
  },
  tunnel_auth_user_missing: {
    status: 400,
    title: 'auth_password requires auth_user',
    when: 'Give both or none.',
  },
  tunnel_auth_password_missing: {
    status: 400,
    title: 'auth_user requires auth_password',
    when: 'Give both or none.',
  },
  tunnel_idle_conflict: {
    status: 400,
    title:
      'conflicting parameters idle timeout {minutes} and skip idle timeout {minutes}, either decide for skipping an idle timeout or provide a non empty timeout value',
    when: '`idle-timeout-minutes` above 0 and `skip-idle-timeout` exclude each other.',
  },
  tunnel_idle_invalid: {
    status: 400,
    title: 'invalid idle timeout param',
    when: '`idle-timeout-minutes` is no whole number.',
  },
  tunnel_idle_out_of_range: {
    status: 400,
    title: 'idle timeoout param should be in range [0,604800000000000]',
    when: '`idle-timeout-minutes` is 0 to 10080 (a week).',
  },
  tunnel_auto_close_invalid: {
    status: 400,
    title: 'invalid tunnel auto-close format',
    when: '`auto-close` is a duration such as `90s` or `1h30m`.',
  },
  tunnel_auto_close_negative: {
    status: 400,
    title: 'tunnel auto-close value should be more than 0',
    when: '`auto-close` is negative.',
  },
  tunnel_auto_close_too_long: {
    status: 400,
    title: 'tunnel auto-close value should not be more than 744h0m0s',
    when: '`auto-close` is at most 31 days.',
  },
  tunnel_acl_invalid: {
    status: 400,
    code: 'ERR_CODE_INVALID_ACL',
    title: 'Invalid ACL: {reason}',
    when: '`acl` is a list of addresses and networks, joined by commas without blanks.',
  },
  tunnel_acl_change_invalid: {
    status: 400,
    title: '{reason}',
    when: 'The ACL of an open tunnel is changed to a text that is none; the old one stays.',
  },
  tunnel_not_allowed_by_client: {
    status: 400,
    title: 'Tunnel destination is not allowed by client configuration.',
    when: '`tunnel_allowed` of the agent does not name the destination.',
  },
  tunnel_not_allowed_by_credential: {
    status: 403,
    title: 'The credential of the client does not allow this tunnel.',
    when: 'The file of credentials has expressions for tunnels, and none matches the local port or the destination. Ask for a local port by number where they name ports.',
  },
  tunnel_exists: {
    status: 400,
    code: 'ERR_CODE_TUNNEL_EXIST',
    title: 'Tunnel already exist.',
    when: 'A tunnel with the same local end, remote end and ACL is open.',
  },
  tunnel_to_port_exists: {
    status: 400,
    code: 'ERR_CODE_TUNNEL_TO_PORT_EXIST',
    title: 'Tunnel to port {port} already exists.',
    when: 'A tunnel to the same remote end with the same ACL is open.',
  },
  remote_port_not_open: {
    status: 400,
    title: 'Port {port} is not in listening state.',
    when: 'The agent could not connect to the destination. `check_port=0` skips the question.',
  },
  client_refused: {
    status: 409,
    title: 'client error: {reason}',
    when: 'The agent answered the request with a failure.',
  },
  client_did_not_answer: {
    status: 504,
    title: 'client with id {clientId} did not answer in time',
    when: 'The agent is connected but did not answer before the deadline.',
  },
  local_port_in_use: {
    status: 400,
    title: 'Port {port} already in use.',
    when: 'Another tunnel or program listens on this port of the server.',
  },
  local_port_not_allowed: {
    status: 400,
    title: 'Local port {port} is not among allowed ports.',
    when: '`used_ports` minus `excluded_ports` does not contain it.',
  },
  local_port_invalid: {
    status: 400,
    title: 'Invalid local port: {port}.',
    when: 'The local port is no number between 1 and 65535.',
  },
  local_port_taken: {
    status: 409,
    title: 'Local port {port} already in use.',
    when: 'The port was taken while the tunnel was being opened.',
  },
  no_free_port: {
    status: 409,
    title: 'No free port is left for a tunnel.',
    when: 'Every port of `used_ports` is in use. Close tunnels or allow more ports.',
  },
  tunnel_not_started: {
    status: 409,
    title: 'unable to start tunnel: {reason}',
    when: 'The listener could not be opened.',
  },
  tunnel_not_found: { status: 404, title: 'tunnel not found', when: 'The client has no tunnel with this id.' },
  tunnel_force_invalid: {
    status: 400,
    title: 'Invalid force param: {value}.',
    when: '`force` is one of 1, t, true, 0, f, false.',
  },
  tunnel_in_use: {
    status: 409,
    title: 'tunnel has {count} active connection(s)',
    when: 'Somebody uses the tunnel. `force=true` closes it nevertheless.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>
