import { expect, it } from 'vitest'
import { basic, createTestApp } from '../../http/testing/test-app.ts'
import { statusRoutes } from './index.ts'

const facts = {
  version: '2.1.0',
  clients_connected: 3,
  clients_disconnected: 0,
  fingerprint: '4e:7c',
  connect_url: ['http://127.0.0.1:8080'],
  pairing_url: '',
  clients_auth_source: 'File',
  clients_auth_mode: 'Read Write',
  users_auth_source: 'DB',
  group_permissions_enabled: true,
  two_fa_enabled: false,
  two_fa_delivery_method: '',
  auditlog: { enabled: true, rotation: 'monthly' },
  auth_header: false,
  tunnel_host: '',
  tunnel_proxy_enabled: false,
  caddy_integration_enabled: false,
  excluded_ports: ['1-1024'],
  used_ports: ['20000-30000'],
  monitoring_enabled: true,
  password_min_length: 14,
} as const

it('GET /status answers users, and nobody else, with the facts of the moment', async () => {
  let connected = 3
  const routeSet = statusRoutes(() => ({
    ...facts,
    connect_url: [...facts.connect_url],
    excluded_ports: ['1-1024'],
    used_ports: [],
    clients_connected: connected,
  }))
  const { app } = createTestApp([routeSet])
  const get = (headers: Record<string, string>) => app.inject({ method: 'GET', url: '/api/v1/status', headers })
  expect((await get({})).statusCode).toBe(401)
  expect((await get(basic('limited'))).json().data).toEqual({ ...facts, used_ports: [] })
  connected = 4
  expect((await get(basic('limited'))).json().data.clients_connected).toBe(4)
  await app.close()
})
