/** Secrets that were made at the first start and that nobody has seen yet. */
export interface FirstSecrets {
  /** The first administrator; undefined when users are kept elsewhere. */
  readonly admin: Credential | undefined
  /** The first credential for agents; undefined when credentials are kept elsewhere. */
  readonly clientAuth: Credential | undefined
}

export interface Credential {
  readonly name: string
  readonly password: string
}

/** Where this server is reached, for the lines that can be pasted. */
export interface ServerAddresses {
  /** Where agents connect to: `http://host:8080`. */
  readonly connectUrl: string
  readonly fingerprint: string
  /** Flags that agents on this machine need, such as `--allow-root`; empty: none. */
  readonly agentFlags: string
  /** Where people connect to; undefined without an API. */
  readonly apiUrl: string | undefined
}

/** Secrets are letters and digits, so none of this needs quotes in any shell. */
export function renderNote({ admin, clientAuth }: FirstSecrets, server: ServerAddresses): string {
  const lines = [
    'This is the first start. Keep what follows: it is shown once, the server stores only hashes of it.',
    '',
  ]
  if (admin) {
    lines.push(
      ...(server.apiUrl === undefined ? [] : [`  API            ${server.apiUrl}`]),
      `  user           ${admin.name}`,
      `  password       ${admin.password}`,
      '',
    )
  }
  if (clientAuth) {
    const flags = server.agentFlags === '' ? '' : `${server.agentFlags} `
    lines.push(
      `  agents         ${clientAuth.name}:${clientAuth.password}`,
      `  fingerprint    ${server.fingerprint}`,
      '',
      'Connect a machine; put in an address of this server that the machine can reach:',
      '',
      `  bin/rport ${flags}--auth ${clientAuth.name}:${clientAuth.password} --fingerprint ${server.fingerprint} ${server.connectUrl}`,
      '',
    )
  }
  return `${lines.join('\n')}\n`
}

/** The secrets of a note that was written and not yet shown; what is not found in it is undefined. */
export function parseNote(text: string): FirstSecrets {
  const find = (label: string) => new RegExp(`^ {2}${label} +(\\S{1,200})$`, 'm').exec(text)?.[1]
  const [user, password] = [find('user'), find('password')]
  const [id, secret] = find('agents')?.split(':') ?? []
  return {
    admin: user && password ? { name: user, password } : undefined,
    clientAuth: id && secret ? { name: id, password: secret } : undefined,
  }
}
