/** A row of the error table. `{names}` in title and detail are filled when the error is made. */
export interface ErrorRow {
  readonly status: number
  /** What programs may match on; most of the original's errors have none. */
  readonly code?: string
  /** The original's own text, to the letter, wherever it has one: tools match on it. */
  readonly title: string
  readonly detail?: string
  /** When it happens and what to do about it; for the manual. */
  readonly when: string
}

/** Every expected error of the API. The manual's page of errors is made from it. */
export const errorTable = {
  // Requests
  missing_body: {
    status: 400,
    title: 'Missing body with json data.',
    when: 'The operation needs a JSON body and none came. Form posts (what `curl -d` sends) count as empty: set `Content-Type: application/json`.',
  },
  invalid_json: {
    status: 400,
    title: 'Invalid JSON data.',
    when: 'The body is no JSON, is too large or too deep, has an unknown key or a value of the wrong type. The detail says which.',
  },
  unsupported_content_type: {
    status: 400,
    title: 'unsupported content type: {contentType}',
    when: 'Logging in takes exactly `application/json` or exactly `application/x-www-form-urlencoded`.',
  },
  invalid_form: {
    status: 400,
    title: 'failed to parse form: {reason}',
    when: 'The form of a log-in is not percent-encoded as it should be.',
  },
  invalid_query: {
    status: 400,
    title: 'Invalid value of query parameter "{name}".',
    when: 'A query value is not of the expected type or outside its range. The detail says what was found and what is expected.',
  },
  too_many_requests_at_once: {
    status: 503,
    title: 'The server is busy, please try again.',
    when: 'More requests are being answered than the server allows at the same time.',
  },
  body_timeout: {
    status: 408,
    title: 'The body of the request did not arrive in time.',
    when: 'The caller stopped sending in the middle of a body.',
  },
  request_timeout: {
    status: 503,
    title: 'The request took too long and was given up.',
    when: 'The server did not finish the request within its own deadline.',
  },
  internal: {
    status: 500,
    title: 'internal error, request id {requestId}',
    when: 'A fault of the server. The log has the details under the request id.',
  },

  // Lists
  unsupported_sort: {
    status: 400,
    title: "unsupported sort field '{field}'",
    when: 'The list cannot be sorted by this field.',
  },
  unsupported_filter: {
    status: 400,
    title: "unsupported filter field '{filter}'",
    when: 'The list has no such filter, or not with this operator.',
  },
  unsupported_field: {
    status: 400,
    title: 'unsupported field "{field}" for resource "{resource}"',
    when: 'A name in `fields[…]` is not known for that resource.',
  },
  unsupported_fields_resource: {
    status: 400,
    title: 'unsupported resource in fields: "{resource}"',
    when: 'The name in the brackets of `fields[…]` is not known to this operation.',
  },
  limit_not_a_number: {
    status: 400,
    title: 'pagination limit must be a number',
    when: '`page[limit]` is no whole number.',
  },
  limit_not_positive: {
    status: 400,
    title: 'pagination limit must be positive',
    when: '`page[limit]` is 0 or negative.',
  },
  limit_too_big: {
    status: 400,
    title: 'pagination limit too big ({limit}) maximum is {max}',
    when: '`page[limit]` is above the maximum of the list.',
  },
  offset_not_a_number: {
    status: 400,
    title: 'pagination offset must be a number',
    when: '`page[offset]` is no whole number.',
  },
  offset_negative: {
    status: 400,
    title: 'pagination offset must not be negative',
    when: '`page[offset]` is negative.',
  },
  too_many_sorts: {
    status: 400,
    title: 'Only one sort field is supported for {list}.',
    when: 'The list takes one `sort` only.',
  },
  too_many_filters: {
    status: 400,
    title: 'too many {what} ({count}) maximum is {max}',
    when: 'The filters of one request are more than the server is willing to compare. Split the request.',
  },
  filter_value_too_long: {
    status: 400,
    title: "value of '{filter}' is longer than {max} characters",
    when: 'A filter value is longer than anything it could match.',
  },

  // Who is calling
  unauthorized: {
    status: 401,
    title: 'unauthorized',
    when: 'No credentials, wrong ones, or a token that is invalid, expired or ended.',
  },
  user_gone: {
    status: 401,
    title: 'unauthorized access',
    when: 'The user of a valid token no longer exists.',
  },
  password_expired: {
    status: 401,
    title: 'password has expired, please change your password',
    when: 'Log in once more with `new_password` to set another one.',
  },
  too_many_attempts: {
    status: 429,
    title: 'too many requests, please try later',
    when: 'A log-in of this name from this address has just failed. Wait `user_login_wait` seconds.',
  },
  permission_missing: {
    status: 403,
    title: 'user does not have "{permission}" permission',
    when: 'None of the user groups of the caller grants the permission.',
  },
  not_administrator: {
    status: 403,
    title: 'current user should belong to Administrators group to access this resource',
    when: 'The operation is for administrators.',
  },
  client_access_denied: {
    status: 403,
    title: 'Access denied to client(s) with ID(s): {clientIds}',
    when: 'The client is not shared with any user group of the caller.',
  },

  // Logging in and out
  auth_required: { status: 401, title: 'auth is required', when: 'Logging in with GET needs HTTP Basic credentials.' },
  username_required: { status: 401, title: 'username is required', when: 'The user name is empty.' },
  bearer_required: {
    status: 400,
    title: 'authorization Bearer token required',
    when: 'Logging out needs the token that is to be ended.',
  },
  token_invalid: { status: 400, title: 'token is invalid: {reason}', when: 'What was sent as a bearer is no token.' },
  token_invalid_or_expired: {
    status: 400,
    title: 'token is invalid or expired',
    when: 'The session of the token has ended already.',
  },
  token_lifetime_too_long: {
    status: 400,
    title: 'requested token lifetime exceeds max allowed {maxSeconds}',
    when: 'Ask for at most 90 days (7776000 seconds).',
  },
  token_lifetime_invalid: {
    status: 400,
    title: 'invalid token-lifetime : {reason}',
    when: '`token-lifetime` is no whole number of seconds.',
  },

  // The own account
  user_not_found: { status: 404, title: 'user not found', when: 'The user of the request no longer exists.' },
  nothing_to_change: { status: 400, title: 'nothing to change', when: 'The body names no effective change.' },
  username_whitespace: {
    status: 400,
    title: 'username must not start or end with whitespace',
    when: 'Trim the name.',
  },
  username_taken: {
    status: 400,
    title: 'Another user with this username already exists',
    when: 'Choose another name.',
  },
  password_too_short: {
    status: 400,
    title: 'Your password is too short',
    detail: 'password must be at least {minLength} characters',
    when: 'The minimum is `password_min_length`.',
  },
  password_too_guessable: {
    status: 400,
    title: 'Your password is too guessable',
    when: 'The password scores below `password_zxcvbn_minscore`.',
  },
  two_fa_send_to_invalid: {
    status: 400,
    title: 'invalid two_fa_send_to: {reason}',
    when: 'The address does not fit the way in which second factors are delivered.',
  },
  single_user_operation: {
    status: 400,
    title: "The single user authentication doesn't support this operation.",
    when: 'The server runs on one user of its configuration; change it there.',
  },
  old_password_missing: { status: 403, title: 'Missing old password.', when: 'A new password needs the old one.' },
  old_password_incorrect: { status: 403, title: 'Incorrect old password.', when: 'The old password is not right.' },

  // Clients
  client_not_found: {
    status: 404,
    title: 'Client with id="{clientId}" not found.',
    when: 'No client has this id.',
  },
  client_not_connected: {
    status: 404,
    title: 'client with id {clientId} not found',
    when: 'The client is known but not connected.',
  },
  client_active: {
    status: 400,
    title: 'Client is active, should be disconnected',
    when: 'Only a disconnected client can be deleted.',
  },

  // Tunnels, in the order in which a request is checked
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
