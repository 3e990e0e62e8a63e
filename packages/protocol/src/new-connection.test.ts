import { describe, expect, test } from 'vitest'
import { newConnection } from './new-connection.ts'
import { parseRemote } from './remote.ts'
import { toRemoteRecord } from './remote-record.ts'

const decode = (value: unknown) => newConnection.ask.decode(JSON.stringify(value))
const smallest = { ID: 'x', SessionID: 's', Version: '0.9.12' }
const remote = { protocol: 'tcp', lhost: '', lport: '', rhost: '127.0.0.1', rport: '22' }

describe('a registration', () => {
  test('may be as small as the original accepts it', () => {
    expect(decode(smallest)).toMatchObject({
      id: 'x',
      sessionId: 's',
      version: '0.9.12',
      hostname: '',
      ipv4: null,
      tags: null,
      remotes: null,
      clientConfiguration: null,
      features: [],
    })
  })

  test('never carries a password inward', () => {
    const request = decode({
      ...smallest,
      ClientConfiguration: { client: { auth: 'id:hunter2', auth_pass: 'hunter2' } },
    })
    expect(JSON.stringify(request)).not.toContain('hunter2')
  })

  test.each([[{}], [['pattern']], [{}, 5], 'text', 7, { deep: [null] }])(
    'is accepted with allow_regexp %j, and with any other configuration',
    (value) => {
      const request = decode({ ...smallest, ClientConfiguration: { remote_commands: { allow_regexp: value } } })
      expect(request.clientConfiguration).toEqual({ remote_commands: { allow_regexp: value } })
      expect(decode({ ...smallest, ClientConfiguration: value }).id).toBe('x')
    },
  )

  test.each([
    [{ ID: 5 }, 'ID: found the number 5, expected a text'],
    [{ ID: 'x'.repeat(300) }, 'ID: found 300 characters, expected at most 256 characters'],
    [{ NumCPUs: 'two' }, 'NumCPUs: found a text, expected a whole number from 0 to 1000000'],
    [{ MemoryTotal: -1 }, 'MemoryTotal: found the number -1'],
    [{ IPv4: 'x' }, 'IPv4: found a text, expected a list'],
    [{ Tags: [1] }, 'Tags[0]: found the number 1, expected a text'],
    [{ Labels: { a: 1 } }, 'Labels.a: found the number 1, expected a text'],
    [{ Remotes: {} }, 'Remotes: found an object, expected a list'],
    [{ Remotes: [{ ...remote, lport: 80 }] }, 'Remotes[0].lport: found the number 80, expected a text'],
    [{ Remotes: [{ ...remote, lport: '0' }] }, 'Remotes[0].lport: found "0", expected a port from 1 to 65535, as text'],
    [{ Remotes: [{ ...remote, rport: '99999999' }] }, 'Remotes[0].rport: found "99999999", expected a port'],
    [{ Remotes: [{ ...remote, rport: '' }] }, 'Remotes[0].rport: found nothing, expected a port'],
    [{ Remotes: [remote, { ...remote, protocol: '' }] }, 'Remotes[1].protocol: found "", expected tcp, udp or tcp+udp'],
    [
      { Remotes: [{ ...remote, rhost: 'a/udp' }] },
      'Remotes[0].rhost: found "a/udp", expected a host name or an address',
    ],
    [{ Remotes: Array.from({ length: 501 }, () => remote) }, 'Remotes: found 501 items, expected at most 500 items'],
  ])('with a wrong field is refused with its name: %#', (wrong, message) => {
    expect(() => decode({ ...smallest, ...wrong })).toThrow(message)
  })

  test('announces features beside what the original says, and only when there are any', () => {
    const plain = decode(smallest)
    expect(newConnection.ask.encode(plain)).not.toContain('Features')
    const text = newConnection.ask.encode({ ...plain, features: ['half-close'] })
    expect(newConnection.ask.decode(text).features).toEqual(['half-close'])
  })
})

describe('its answer', () => {
  test('tells null from the empty list', () => {
    expect(newConnection.answer.encode(null)).toBe('null')
    expect(newConnection.answer.encode([])).toBe('[]')
    expect(newConnection.answer.decode('null')).toBeNull()
    expect(newConnection.answer.decode('[]')).toEqual([])
  })

  test('carries remotes both ways', () => {
    const remotes = [
      toRemoteRecord(parseRemote('2222:[2001:db8::1]:22'), {
        name: 'n',
        acl: '192.0.2.1',
        autoCloseMs: 1500,
        idleTimeoutMs: 300_000,
      }),
    ]
    expect(newConnection.answer.decode(newConnection.answer.encode(remotes))).toEqual(remotes)
  })

  test.each(['{}', '"x"', '[5]'])('that is %s is refused', (text) => {
    expect(() => newConnection.answer.decode(text)).toThrow('expected')
  })
})
