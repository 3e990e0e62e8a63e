import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../deadline.ts'
import { freePort } from '../ports.ts'
import { type Program, startProgram } from '../program.ts'
import type { Scope } from '../scope.ts'
import { accepts } from '../visitor.ts'

const NGINX = '/usr/sbin/nginx'
const CADDY = '/usr/bin/caddy'

/** Why stories with reverse proxies are left out on this machine; undefined when they are told. */
export const reverseProxiesMissing = [NGINX, CADDY, '/usr/bin/openssl'].every((path) => existsSync(path))
  ? undefined
  : 'no nginx, caddy or openssl on this machine (Debian: nginx, caddy, openssl)'

interface Front {
  readonly certFile: string
  readonly keyFile: string
  /** Where the server listens. */
  readonly targetPort: number
}

/**
 * Starts nginx with TLS in front of a server, and beside it a plain port that redirects everybody to it.
 * `idleCutMs`: ends WebSockets on which nothing has come from the server for so long, as services in front of a server do.
 */
export async function startNginx(
  scope: Scope,
  { certFile, keyFile, targetPort, idleCutMs = 60_000 }: Front & { idleCutMs?: number },
): Promise<{ port: number; redirectPort: number }> {
  const folder = await scope.folder('nginx')
  const port = await freePort()
  const redirectPort = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const config = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr;
    events { worker_connections 64; }
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n      ')}
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${certFile};
        ssl_certificate_key ${keyFile};
        location / {
          proxy_pass http://127.0.0.1:${targetPort};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
          proxy_set_header Host $host;
          proxy_read_timeout ${idleCutMs}ms;
        }
      }
      server {
        listen 127.0.0.1:${redirectPort};
        return 301 https://localhost:${port}$request_uri;
      }
    }`
  const file = join(folder, 'nginx.conf')
  await writeFile(file, config)
  const args = ['-e', 'stderr', '-p', folder, '-c', file]
  await started(port, startProgram(scope, { name: 'nginx', command: NGINX, args }))
  return { port, redirectPort }
}

/** Starts Caddy with TLS in front of a server. */
export async function startCaddy(
  scope: Scope,
  { certFile, keyFile, targetPort }: Front,
  name = 'localhost',
): Promise<{ port: number }> {
  const folder = await scope.folder('caddy')
  const port = await freePort()
  const file = join(folder, 'Caddyfile')
  const config = `{
  admin off
  auto_https off
  storage file_system ${folder}/storage
}
https://${name}:${port} {
  bind 127.0.0.1
  tls ${certFile} ${keyFile}
  reverse_proxy 127.0.0.1:${targetPort}
}
`
  await writeFile(file, config)
  const args = ['run', '--adapter', 'caddyfile', '--config', file]
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  await started(port, startProgram(scope, { name: 'caddy', command: CADDY, args, env }))
  return { port }
}

async function started(port: number, program: Program): Promise<void> {
  await until(`${program.name} listens`, () => program.hasExited || accepts(port))
  if (program.hasExited) throw new Error(`${program.name} ended at its start: ${program.output}`)
}
