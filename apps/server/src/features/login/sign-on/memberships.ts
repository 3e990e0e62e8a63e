import { apiError } from '@rport/api'
import { askJson } from './bounded-fetch.ts'
import type { Claims } from './claims.ts'

/** Somebody who has logged in, as the question about a group needs it. */
export interface Member {
  readonly username: string
  readonly claims: Claims
  readonly accessToken: string
}

const notIn = (username: string, group: string) =>
  apiError('sign_on_not_permitted', { username, reason: `not a member of the group ${group}` })
const bearer = (accessToken: string) => ({ authorization: `Bearer ${accessToken}` })

/**
 * Microsoft: the token may name all groups, else Graph is asked, which knows groups within groups.
 * @throws ApiError sign_on_not_permitted, identity_provider_unavailable
 * @see    Microsoft Graph, directoryObject: checkMemberGroups
 */
export async function requireMicrosoftGroup(member: Member, group: string, apiUrl: string): Promise<void> {
  const { username, claims, accessToken } = member
  const named = claims['groups']
  if (Array.isArray(named) && named.includes(group)) return
  const { status, body } = await askJson(`${apiUrl}/me/checkMemberGroups`, {
    method: 'POST',
    headers: { ...bearer(accessToken), 'content-type': 'application/json' },
    body: JSON.stringify({ groupIds: [group] }),
  })
  const found = body['value']
  if (status !== 200 || !Array.isArray(found) || !found.includes(group)) throw notIn(username, group)
}

/**
 * Google: Cloud Identity knows groups within groups.
 * @param group `groups/…` or the id alone
 * @throws ApiError sign_on_not_permitted, identity_provider_unavailable
 * @see    Cloud Identity API, groups.memberships.checkTransitiveMembership
 */
export async function requireGoogleGroup(member: Member, group: string, apiUrl: string): Promise<void> {
  const { username, claims, accessToken } = member
  const query = new URLSearchParams({ query: `member_key_id == '${String(claims['email']).replace(/['\\]/g, '')}'` })
  const id = encodeURIComponent(group.replace(/^groups\//, ''))
  const url = `${apiUrl}/v1/groups/${id}/memberships:checkTransitiveMembership?${query}`
  const { status, body } = await askJson(url, { headers: bearer(accessToken) })
  if (status !== 200 || body['hasMembership'] !== true) throw notIn(username, group)
}
