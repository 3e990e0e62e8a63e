import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { putCertificate } from './certificates.ts'
import { freePorts } from './ports.ts'
import { startProgram } from './program.ts'
import { ROOT } from './programs.ts'
import type { Scope } from './scope.ts'

const PEBBLE = 'github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1'
const FOLDER = resolve(ROOT, 'tests/peers/go/bin')
const BINARY = resolve(FOLDER, 'pebble')
const BUILD_LIMIT_MS = 180_000

/** A certificate authority that speaks ACME and looks for proofs on ports of this machine. */
export interface AcmeAuthority {
  readonly directoryUrl: string
  /** Root of the authority's own listener, for NODE_EXTRA_CA_CERTS. */
  readonly rootFile: string
  /** Where it looks for http-01 and for tls-alpn-01. */
  readonly httpPort: number
  readonly tlsPort: number
}

/**
 * Builds Let's Encrypt's test authority, once per checkout.
 * @returns why it cannot be had; undefined when it is there
 */
export function buildAcmeAuthority(): string | undefined {
  if (existsSync(BINARY)) return undefined
  for (const go of ['go', '/usr/local/go/bin/go']) {
    try {
      const env = { ...process.env, GOBIN: FOLDER, GOFLAGS: '-mod=mod' }
      execFileSync(go, ['install', PEBBLE], { env, stdio: 'ignore', timeout: BUILD_LIMIT_MS })
      return undefined
    } catch {
      // No Go here, or its module proxy cannot be reached: the next place, or none.
    }
  }
  return 'Pebble could not be built (Go and its module proxy are needed)'
}

/** Starts the authority; the scope ends it. */
export async function startAcmeAuthority(scope: Scope): Promise<AcmeAuthority> {
  const folder = await scope.folder('pebble')
  const { certFile, keyFile } = await putCertificate(folder, 'localhost')
  const [port = 0, management = 0, httpPort = 0, tlsPort = 0] = await freePorts(4)
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: certFile,
      privateKey: keyFile,
      httpPort,
      tlsPort,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
      retryAfter: { authz: 1, order: 1 },
      profiles: { default: { description: 'default', validityPeriod: 7_776_000 } },
    },
  }
  const configFile = resolve(folder, 'pebble.json')
  await writeFile(configFile, JSON.stringify(config))
  const env = { ...process.env, PEBBLE_VA_NOSLEEP: '1' }
  const program = startProgram(scope, {
    name: 'pebble',
    command: BINARY,
    args: ['-config', configFile],
    env,
    cwd: folder,
  })
  await program.waitFor(/ACME directory available/)
  return { directoryUrl: `https://127.0.0.1:${port}/dir`, rootFile: certFile, httpPort, tlsPort }
}
