import { expect, test } from 'vitest'
import { parseProxy } from './proxy.ts'

const read = (url: string) => {
  const { password, ...rest } = parseProxy(url)
  return { ...rest, password: password.reveal() }
}

test.each([
  ['http://proxy', { kind: 'http', host: 'proxy', port: 80, user: '', password: '' }],
  ['http://proxy:3128', { kind: 'http', host: 'proxy', port: 3128, user: '', password: '' }],
  ['http://u%40corp:p%3a%2f%C3%A4@proxy:1', { kind: 'http', host: 'proxy', port: 1, user: 'u@corp', password: 'p:/ä' }],
  ['socks://10.0.0.1:9050', { kind: 'socks5', host: '10.0.0.1', port: 9050, user: '', password: '' }],
  ['socks5h://u:p@[::1]:1081', { kind: 'socks5', host: '::1', port: 1081, user: 'u', password: 'p' }],
  ['socks5h://proxy', { kind: 'socks5', host: 'proxy', port: 1080, user: '', password: '' }],
])('%s is understood', (url, expected) => {
  expect(read(url)).toEqual(expected)
})

test.each([
  ['https://proxy:3128', 'https proxies not (yet) supported'],
  ['socks5://proxy:1', 'unsupported socks proxy type: socks5:// (only socks5h:// or socks:// is supported)'],
  ['socks4a://proxy:1', 'unsupported socks proxy type: socks4a://'],
  ['socks://', 'the host is missing'],
  ['not a url', 'invalid proxy URL'],
  ['http://user:secret%zz@proxy', '% without two hexadecimal digits'],
])('%s is refused, and its password is not shown', (url, message) => {
  expect(() => parseProxy(url)).toThrow(message)
  expect(() => parseProxy(url)).not.toThrow('secret')
})
