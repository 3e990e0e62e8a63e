import { createServer } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { createScope, listen, startAgent, startServer, until } from '../harness/index.ts'

const scope = createScope()
afterAll(() => scope.close())

test('the server shows the address under which the world sees a machine, of the one family that it has', async () => {
  const api = createServer((request, response) => {
    const isRight = request.headers.authorization === `Basic ${Buffer.from('ada:sesame1').toString('base64')}`
    response.end(JSON.stringify({ ip: isRight ? '203.0.113.9' : 'who are you' }))
  })
  scope.add(() => api.close())
  const url = `http://ada:sesame1@127.0.0.1:${await listen(api)}/`
  const server = await startServer(scope)
  const agent = await startAgent(scope, server, { id: 'seen', settings: { client: { ip_api_url: url } } })
  const shown = await until('the address is shown', async () => {
    const reply = await server.api.get('/api/v1/clients/seen')
    return reply.json.data?.ext_ip_addresses ?? undefined
  })
  expect(shown).toMatchObject({ ipv4: '203.0.113.9', ipv6: '' })
  expect(agent.program.output).not.toContain('sesame1')
})
