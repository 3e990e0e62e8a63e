import { describe, expect, test } from 'vitest'
import { checkPort } from './check-port.ts'
import { checkTunnelAllowed } from './check-tunnel-allowed.ts'
import { ipAddresses } from './ip-addresses.ts'
import { ping, pingProvesLife } from './ping.ts'
import { putCapabilities } from './put-capabilities.ts'
import { updateClientMetadata } from './update-client-metadata.ts'
import { updatesStatus } from './updates-status.ts'

describe('wrong questions name their field', () => {
  test.each([
    [checkPort, '{"HostPort":"127.0.0.1","Timeout":1}', 'HostPort: found "127.0.0.1", expected host:port'],
    [checkPort, '{"HostPort":"127.0.0.1:0","Timeout":1}', 'HostPort: found "127.0.0.1:0"'],
    [checkPort, '{"HostPort":"h:1","Timeout":-1}', 'Timeout: found the number -1'],
    [checkPort, '{"HostPort":"h:1","Timeout":"2s"}', 'Timeout: found a text'],
    [checkTunnelAllowed, '{"Remote":""}', 'Remote: found ""'],
    [checkTunnelAllowed, '{"Remote":"h:1/udp"}', 'Remote: found "h:1/udp"'],
    [checkTunnelAllowed, '"h:1"', 'found a text, expected an object'],
    [updateClientMetadata, '{"tags":"a"}', 'tags: found a text, expected a list'],
    [putCapabilities, '{"MonitoringVersion":true}', 'MonitoringVersion: found the boolean true'],
    [ipAddresses, '{"updated_at":"yesterday"}', 'updated_at: found another text, expected a time'],
    [updatesStatus, '{"updates_available":-1}', 'updates_available: found the number -1'],
    [updatesStatus, '{"update_summaries":[{"title":1}]}', 'update_summaries[0].title: found the number 1'],
  ])('%#', (request, payload, message) => {
    expect(() => request.ask.decode(payload)).toThrow(message)
  })
})

describe('questions about targets', () => {
  test('carry IPv6 addresses in brackets and times in nanoseconds', () => {
    const text = checkPort.ask.encode({ host: '2001:db8::1', port: 22, timeoutMs: 2000 })
    expect(text).toBe('{"HostPort":"[2001:db8::1]:22","Timeout":2000000000}')
    expect(checkPort.ask.decode(text)).toEqual({ host: '2001:db8::1', port: 22, timeoutMs: 2000 })
  })
})

describe('a ping', () => {
  test('carries nothing, and takes null for nothing', () => {
    expect(ping.ask.encode(undefined)).toBe('')
    expect(ping.answer.encode(undefined)).toBe('')
    expect(() => ping.answer.decode('null')).not.toThrow()
  })

  test.each([
    [{ ok: true, payload: '' }, true],
    [{ ok: true, payload: 'null' }, true],
    [{ ok: false, payload: 'unknown request' }, true],
    [{ ok: false, payload: 'something else' }, false],
  ])('answered with %j shows life: %s', (reply, expected) => {
    expect(pingProvesLife(reply)).toBe(expected)
  })
})

describe('an update status', () => {
  test('leaves out an error and a hint that are not there', () => {
    const status = updatesStatus.ask.decode('{"refreshed":"2026-01-02T03:04:05Z"}')
    expect(status).toMatchObject({ updateSummaries: null, error: '', hint: '' })
    expect(updatesStatus.ask.encode(status)).not.toMatch(/error|hint/)
    expect(updatesStatus.ask.encode({ ...status, hint: 'use sudo' })).toContain('"hint":"use sudo"')
  })
})
