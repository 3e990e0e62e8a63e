import { describe, expect, test } from 'vitest'
import { parseRemote } from './remote.ts'
import { type RemoteRecord, toRemoteRecord } from './remote-record.ts'
import { matchRestored } from './restored-remotes.ts'

const given = (text: string, facts: Partial<RemoteRecord> = {}) => toRemoteRecord(parseRemote(text), facts)
const random = (listenPort: number, text: string, facts: Partial<RemoteRecord> = {}) =>
  toRemoteRecord(parseRemote(`${listenPort}:${text}`), { listenPortRandom: true, ...facts })

describe('after a reconnect', () => {
  const ssh = given('2222:22')
  const web = random(20_001, 'web:80')
  const api = given('3000:80', { owner: 'admin' })

  test('everything comes back to an agent without remotes', () => {
    expect(matchRestored([ssh, web, api], [])).toEqual([ssh, web, api])
  })

  test('what the agent asks for itself is not restored beside it', () => {
    expect(matchRestored([ssh, web, api], [ssh])).toEqual([web, api])
  })

  test('a remote without a port stands for the tunnel that got a random one', () => {
    expect(matchRestored([ssh, web, api], [given('web:80')])).toEqual([ssh, api])
  })

  test.each<[string, RemoteRecord]>([
    ['another target', given('web:81')],
    ['another ACL', given('web:80', { acl: '192.0.2.1' })],
    ['another protocol', given('web:80/udp')],
    ['a tunnel whose port was given', given('127.0.0.1:22')],
    ['another listen port', given('2223:22')],
    ['another listen address', given('127.0.0.1:2222:127.0.0.1:22')],
  ])('nothing is restored when the agent asks for %s', (_what, requested) => {
    expect(matchRestored([ssh, web, api], [requested])).toEqual([])
  })

  test('nothing is restored when the agent asks for more than there was', () => {
    expect(matchRestored([ssh], [ssh, web])).toEqual([])
  })

  test('one old tunnel stands for one new remote only', () => {
    expect(matchRestored([web, api], [given('web:80'), given('web:80')])).toEqual([])
  })

  test('a remote without a port does not take the tunnel of one that names it', () => {
    const other = random(20_002, 'web:80')
    expect(matchRestored([web, other], [given('web:80'), web])).toEqual([])
    expect(matchRestored([web, other, ssh], [given('web:80'), given('20001:web:80')])).toEqual([ssh])
  })
})
