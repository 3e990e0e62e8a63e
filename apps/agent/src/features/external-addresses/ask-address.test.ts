import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { askAddress } from './ask-address.ts'

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the address is read, and user and password of the URL are sent', async () => {
  const host = await serve((request, response) => {
    const isRight = request.headers.authorization === `Basic ${Buffer.from('ada:p:w').toString('base64')}`
    response.end(JSON.stringify({ ip: isRight ? '203.0.113.9' : 'nobody' }))
  })
  expect(await askAddress(`http://ada:p%3Aw@${host}/`, 4)).toBe('203.0.113.9')
})

test.each<[string, RequestListener, string]>([
  ['another status', (_, response) => response.writeHead(302, { location: '/x' }).end(), 'status 302'],
  ['no JSON', (_, response) => response.end('<html>'), 'no JSON'],
  ['no address', (_, response) => response.end('{"ip":"<script>"}'), 'no IPv4 address in "ip"'],
  ['an address of the other family', (_, response) => response.end('{"ip":"2001:db8::1"}'), 'no IPv4 address'],
  ['a list', (_, response) => response.end('[]'), 'no IPv4 address'],
  ['far too much', (_, response) => response.end(`"${'x'.repeat(10_000)}"`), 'more than 4096 bytes'],
])('an API that answers with %s tells nothing', async (_, answer, message) => {
  const host = await serve(answer)
  await expect(askAddress(`http://u:secret@${host}/`, 4)).rejects.toThrow(message)
  await expect(askAddress(`http://u:secret@${host}/`, 4)).rejects.not.toThrow('secret')
})

test('an API that is silent is given up in time', async () => {
  const host = await serve(() => undefined)
  await expect(askAddress(`http://${host}/`, 4, 50)).rejects.toThrow(/abort|timeout/i)
})
