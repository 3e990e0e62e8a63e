/**
 * What server and people say: every operation of the REST API described once, with its errors, list grammar, SDK and OpenAPI.
 * Not for anything that answers a request: handlers live in the server's features.
 * Start at endpoint.ts (what a description holds) and tunnels.ts (what one looks like).
 */
export { api } from './api.ts'
export { AuditEntryView, auditList, auditlog } from './auditlog.ts'
export { readFormBody, readJsonBody } from './body/read-body.ts'
export {
  type ClientGroupField,
  ClientGroupParams,
  ClientGroupView,
  clientGroupFields,
  clientGroupList,
  clientGroups,
} from './client-groups.ts'
export { ClientAttributesView, clientOwnership } from './client-ownership.ts'
export * from './client-view.ts'
export {
  type ClientField,
  type ClientFilterName,
  ClientTagView,
  clientFields,
  clientList,
  clients,
  clientTagList,
} from './clients.ts'
export { ClientAuthView, clientAuthList, clientsAuth } from './clients-auth.ts'
export { description } from './description.ts'
export {
  API_PREFIX,
  type Auth,
  type BodyForm,
  type BodyOf,
  type EndpointSpec,
  endpoint,
  type ListOf,
  type ParamsOf,
  paramNames,
  type QueryOf,
  type ReplyOf,
  type Resource,
  resource,
} from './endpoint.ts'
export {
  ApiError,
  apiError,
  type ErrorEntry,
  type ErrorExtras,
  type ErrorKey,
  type ErrorParams,
  joinErrors,
  throwCollected,
} from './errors/api-error.ts'
export type { ErrorRow } from './errors/error-row.ts'
export { errorTable } from './errors/error-table.ts'
export { errorsOf } from './errors/errors-of.ts'
export { PlainError, type PlainErrorKey, plainError, plainErrorTable, requestDataError } from './errors/plain-errors.ts'
export { LegacySessionView, legacySessions } from './legacy-sessions.ts'
export { compileFilter, type Filterable } from './lists/compile-filter.ts'
export {
  type FilterOperator,
  type FilterTest,
  type FilterTree,
  type FilterValue,
  filterOperators,
} from './lists/filter-tree.ts'
export {
  type ListGrammar,
  type ListQuery,
  listGrammar,
  type PageWindow,
  type SortKey,
} from './lists/list-grammar.ts'
export { parseListQuery } from './lists/parse-list-query.ts'
export { wildcardMatcher } from './lists/wildcard.ts'
export { AuthProviderView, LoginView, login, MAX_TOKEN_LIFETIME_SECONDS } from './login.ts'
export { me, PermissionsView, UserView } from './me.ts'
export { type ApiTokenScope, ApiTokenView, apiTokenList, meTokens, tokenScopes } from './me-tokens.ts'
export { renderOpenApi } from './openapi/open-api.ts'
export { ADMINISTRATORS, type Permission, permissions } from './permissions.ts'
export {
  type BareReply,
  bare,
  createdAsText,
  type DataReply,
  data,
  type EmptyReply,
  empty,
  type Page,
  type PageReply,
  page,
  type Reply,
  type ReplyValue,
} from './reply.ts'
export type { CallInput, ListInput, SdkCredentials } from './sdk/call-input.ts'
export { createSdk, type Sdk, type SdkMethod, type SdkOptions } from './sdk/sdk.ts'
export { SdkError } from './sdk/sdk-error.ts'
export { secondFactors } from './second-factors.ts'
export { DeviceSettingsView, SignOnSettingsView, signOn, signOnSettings } from './single-sign-on.ts'
export { ServerStatusView, status } from './status.ts'
export { formatQueryString, parseQueryString, type QueryStringResult, type QueryValues } from './text/query-string.ts'
export {
  boolText,
  durationText,
  intText,
  lateText,
  parseBoolText,
  parseIntText,
  plainText,
  wordText,
} from './text/query-text.ts'
export { readQuery } from './text/read-query.ts'
export { TimeText, toTimeText } from './text/time-text.ts'
export { ClientTunnelView, MAX_IDLE_TIMEOUT_MINUTES, TunnelView, tunnels } from './tunnels.ts'
export { UserGroupView, userGroups } from './user-groups.ts'
export { SessionView, users } from './users.ts'
export { VaultKeyView, VaultStatusView, VaultValueView, vault, vaultList } from './vault.ts'
