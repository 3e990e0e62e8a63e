import { describe, expect, test } from 'vitest'
import { maskClientConfiguration } from './client-configuration.ts'
import type { Json } from './go-json.ts'

const masked = (value: Json) => maskClientConfiguration(value)

describe('a reported configuration', () => {
  test('loses its passwords and keeps the rest', () => {
    expect(
      masked({
        client: {
          server: 'ws://127.0.0.1:8080',
          auth: 'id:secret',
          auth_user: 'id',
          auth_pass: 'secret',
          proxy: 'http://user:pw@proxy:3128',
          proxy_url: { Scheme: 'http', User: {}, Host: 'proxy:3128' },
          ip_api_url: 'https://u:p@ip.example/api?token=abc&x=1',
          tunnels: [{ rport: '22', auth_user: 'u', auth_password: 'pw' }],
        },
        remote_commands: { allow: ['^/usr/bin/.*'], allow_regexp: [{}] },
      }),
    ).toEqual({
      client: {
        server: 'ws://127.0.0.1:8080',
        auth: '********',
        auth_user: 'id',
        auth_pass: '********',
        proxy: 'http://********@proxy:3128',
        proxy_url: { Scheme: 'http', User: {}, Host: 'proxy:3128' },
        ip_api_url: 'https://********@ip.example/api?token=********&x=1',
        tunnels: [{ rport: '22', auth_user: 'u', auth_password: '********' }],
      },
      remote_commands: { allow: ['^/usr/bin/.*'], allow_regexp: [{}] },
    })
  })

  test('loses the values of secret headers', () => {
    expect(
      masked({
        connection: {
          headers: ['Authorization: Basic abc', 'X-Place: Cologne', 'Cookie:a=b', 'no colon'],
          http_headers: { 'X-Api-Key': ['abc'], 'User-Agent': ['rport 1'], 'Proxy-Authorization': 'x' },
        },
      }),
    ).toEqual({
      connection: {
        headers: ['Authorization: ********', 'X-Place: Cologne', 'Cookie: ********', 'no colon'],
        http_headers: { 'X-Api-Key': ['********'], 'User-Agent': ['rport 1'], 'Proxy-Authorization': '********' },
      },
    })
  })

  test('keeps empty secrets empty, so that "not set" can be told', () => {
    const empty = { auth: '', auth_pass: '', token: null, secret: {}, password: [] }
    expect(masked(empty)).toEqual(empty)
  })

  test.each<[Json, Json]>([
    [{ auth: { id: 'x' } }, { auth: '********' }],
    [{ password: 12345 }, { password: '********' }],
    [{ proxy_url: { User: { name: 'x' } } }, { proxy_url: { User: {} } }],
    [{ proxy: 'user:p@ss@proxy:1' }, { proxy: '********@proxy:1' }],
    [{ fallback_servers: ['wss://a:b@host'] }, { fallback_servers: ['wss://********@host'] }],
    [
      { x: 'see http://a:b@c and http://d:e@f/?api_key=1' },
      { x: 'see http://********@c and http://********@f/?api_key=********' },
    ],
    [{ x: 'mail@example.org' }, { x: 'mail@example.org' }],
  ])('is masked whatever its shape: %j', (value, expected) => {
    expect(masked(value)).toEqual(expected)
  })

  test.each<Json>([null, 5, 'text', [], true])('that is %j is none', (value) => {
    expect(masked(value)).toBeNull()
  })

  test('is bounded', () => {
    const list = Array.from({ length: 20_000 }, () => 'x')
    const kept = masked({ a: list, b: 'y'.repeat(10_000), c: 1 }) as { a: string[]; b?: string }
    expect(kept.a.length).toBeLessThan(5001)
    expect(masked({ b: 'y'.repeat(10_000) })).toEqual({ b: 'y'.repeat(4096) })
  })

  test('does not lose a password to its length limit', () => {
    expect(JSON.stringify(masked({ x: `http://user:${'p'.repeat(5000)}@host` }))).not.toContain('ppp')
  })

  test('is masked in no time, however it was made', () => {
    const startedAt = performance.now()
    for (const text of ['?key', '&', 'a://', 'http', '@', '?keykey']) masked({ x: text.repeat(40_000) })
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })
})
