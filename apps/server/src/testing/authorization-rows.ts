/**
 * Who may call what, written down a second time and by hand: what the declarations in packages/api say is held against
 * it, and what the door does is, too. A new operation needs a row here.
 *
 * `public`: everybody. `login`, `bearer`: everybody, the handler judges what it is given. `user`: whoever is logged in.
 * `pending`: whose login waits for the second factor, and nobody else; after `user`: they, too.
 * `client`: with access to the client of the path. `admin`: members of Administrators. Any other word is a permission.
 */
export const authorizationRows: Readonly<Record<string, string>> = {
  'GET /auth/provider': 'public',
  'GET /auth/ext/settings': 'public',
  'GET /auth/ext/settings/device': 'public',
  'GET /openapi.json': 'public',
  'GET /oauth/login': 'login',
  'GET /oauth/login/device': 'login',
  'GET /login': 'login',
  'POST /login': 'login',
  'DELETE /logout': 'bearer',
  'POST /verify-2fa': 'pending',

  'GET /status': 'user',
  'GET /me': 'user',
  'PUT /me': 'user',
  'GET /me/ip': 'user',
  'GET /me/totp-secret': 'user',
  'POST /me/totp-secret': 'user pending',
  'PUT /me/totp-secret': 'user',
  'DELETE /me/totp-secret': 'user',
  'GET /me/totp-secret/recovery-codes': 'user',
  'POST /me/totp-secret/recovery-codes': 'user',
  'GET /me/tokens': 'user',
  'POST /me/tokens': 'user',
  'PUT /me/tokens/{prefix}': 'user',
  'DELETE /me/tokens/{prefix}': 'user',
  'GET /me/token': 'user',
  'POST /me/token': 'user',
  'PUT /me/token/{prefix}': 'user',
  'DELETE /me/token/{prefix}': 'user',

  'GET /clients': 'user',
  'GET /client-tags': 'user',
  'GET /clients/{client_id}': 'client',
  'DELETE /clients/{client_id}': 'client admin',
  'POST /clients/{client_id}/release': 'client admin',
  'POST /clients/{client_id}/acl': 'client admin',
  'GET /clients/{client_id}/attributes': 'client',
  'PUT /clients/{client_id}/attributes': 'client',

  'GET /tunnels': 'tunnels',
  'PUT /clients/{client_id}/tunnels': 'client tunnels',
  'DELETE /clients/{client_id}/tunnels/{tunnel_id}': 'client tunnels',
  'PUT /clients/{client_id}/tunnels/{tunnel_id}/acl': 'client tunnels',

  'GET /client-groups': 'user',
  'GET /client-groups/{group_id}': 'user',
  'POST /client-groups': 'admin',
  'PUT /client-groups/{group_id}': 'admin',
  'DELETE /client-groups/{group_id}': 'admin',

  'GET /users': 'admin',
  'POST /users': 'admin',
  'PUT /users/{user_id}': 'admin',
  'DELETE /users/{user_id}': 'admin',
  'GET /users/{user_id}/sessions': 'admin',
  'DELETE /users/{user_id}/sessions': 'admin',
  'DELETE /users/{user_id}/sessions/{session_id}': 'admin',
  'DELETE /users/{user_id}/totp-secret': 'admin',
  'GET /user-groups': 'admin',
  'GET /user-groups/{group_name}': 'admin',
  'PUT /user-groups/{group_name}': 'admin',
  'DELETE /user-groups/{group_name}': 'admin',

  'GET /clients-auth': 'admin',
  'POST /clients-auth': 'admin',
  'GET /clients-auth/{client_auth_id}': 'admin',
  'DELETE /clients-auth/{client_auth_id}': 'admin',

  'GET /auditlog': 'auditlog',
  'GET /vault-admin': 'vault',
  'POST /vault-admin/sesame': 'vault admin',
  'POST /vault-admin/init': 'vault admin',
  'DELETE /vault-admin/sesame': 'vault admin',
  'GET /vault': 'vault',
  'POST /vault': 'vault',
  'GET /vault/{vault_value_id}': 'vault',
  'PUT /vault/{vault_value_id}': 'vault',
  'DELETE /vault/{vault_value_id}': 'vault',

  // Paths of the first release.
  'GET /sessions': 'user',
  'PUT /sessions/{client_id}/tunnels': 'client tunnels',
  'DELETE /sessions/{client_id}/tunnels/{tunnel_id}': 'client tunnels',
}
