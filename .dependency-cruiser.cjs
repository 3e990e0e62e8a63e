/** The import law of ARCHITECTURE.md. Each rule's comment says why; the failure message teaches. */
const app = '^apps/([^/]+)/'
const library = (name, owner, why) => ({
  name: `only-${owner.name}-knows-${name.replaceAll('\\', '')}`,
  comment: why,
  severity: 'error',
  from: { path: '^(apps|packages)/', pathNot: [...[owner.path].flat(), '\\.test\\.ts$', '/testing/'] },
  to: { path: `node_modules/${name}/` },
})

module.exports = {
  forbidden: [
    {
      name: 'no-app-imports-app',
      comment:
        'Programs meet over the wire and through packages. What two programs need is a package, or does not exist.',
      severity: 'error',
      from: { path: app },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'no-package-imports-app',
      comment: 'Packages are libraries: they know nothing of the programs that use them.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'packages-by-name',
      comment:
        'Enter a package through its name (@rport/kit), never by a relative path: its index.ts says what others may see.',
      severity: 'error',
      from: { path: '^(apps|tests|scripts|bench)/' },
      to: { path: '^packages/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'packages-by-name-among-themselves',
      comment: 'A package enters another through its name, too: what its index.ts does not name is its own business.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/(?!$1/)', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'law-kit',
      comment: 'kit is the floor: it imports no other package.',
      severity: 'error',
      from: { path: '^packages/kit/' },
      to: { path: '^packages/(?!kit/)' },
    },
    {
      name: 'law-protocol',
      comment: 'protocol stands on kit alone.',
      severity: 'error',
      from: { path: '^packages/protocol/' },
      to: { path: '^packages/(?!(kit|protocol)/)' },
    },
    {
      name: 'law-api',
      comment: 'api stands on kit and protocol: the browser loads it.',
      severity: 'error',
      from: { path: '^packages/api/' },
      to: { path: '^packages/(?!(kit|protocol|api)/)' },
    },
    {
      name: 'law-transport',
      comment: 'transport stands on kit and protocol.',
      severity: 'error',
      from: { path: '^packages/transport/' },
      to: { path: '^packages/(?!(kit|protocol|transport)/)' },
    },
    {
      name: 'law-config-host',
      comment: 'config and host serve every program: they stand on kit alone.',
      severity: 'error',
      from: { path: '^packages/(config|host)/' },
      to: { path: '^packages/(?!(kit|config|host)/)' },
    },
    {
      name: 'law-outside-agent-link',
      comment: 'Only server and agent hold agent connections; command line and web UI speak the API.',
      severity: 'error',
      from: { path: '^apps/(cli|web)/' },
      to: { path: '^packages/(transport|host|config)/' },
    },
    {
      name: 'pure-packages',
      comment:
        'kit, config, protocol and api run in a browser too: no node: modules. Sockets and files live in transport, host and the programs.',
      severity: 'error',
      from: { path: '^packages/(kit|config|protocol|api)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'features-through-index',
      comment: 'A feature enters another only through its index.ts, so that its inside can change.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/features/([^/]+)/' },
      to: { path: '^apps/$1/src/features/(?!$2/)[^/]+/(?!index\\.ts$)' },
    },
    {
      name: 'agents-below-features',
      comment: 'agents/ is told what to do by functions from compose.ts; it never calls up into features/.',
      severity: 'error',
      from: { path: '^apps/server/src/(agents|db|http|cluster|config)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^apps/server/src/features/' },
    },
    {
      name: 'connectors-stay-small',
      comment:
        'A connector process loads connectors/, visitors/ and agents/ once for each core: what decides, with its database and API, stays in the main process.',
      severity: 'error',
      from: { path: '^apps/server/src/(connectors|visitors)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '^apps/server/src/(?!connectors/|visitors/|agents/|sockets/)|^packages/(api|config)/' },
    },
    {
      name: 'nobody-imports-compose',
      comment: 'compose.ts wires everything from the outside; whoever imports it back has made a cycle.',
      severity: 'error',
      from: { pathNot: '(/main\\.ts|/run-server\\.ts|\\.test\\.ts|/testing/[^/]+\\.ts)$' },
      to: { path: '^apps/[^/]+/src/compose\\.ts$' },
    },
    {
      name: 'test-helpers-in-tests-only',
      comment: 'What lies under testing/ is for tests: production code that needs it needs a proper home for it.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '/testing/' },
    },
    {
      name: 'no-cycles',
      comment: 'Call downwards, announce upwards: a cycle means that a third thing is missing, or an event.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: 'node_modules' } },
    },
    {
      name: 'one-process-runner',
      comment:
        'Child processes start in one run-process.ts per program: one place where a text could become a command.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: '(run-process\\.ts|\\.test\\.ts)$|/testing/' },
      to: { path: '^(node:)?child_process$' },
    },
    library(
      'fastify',
      { name: 'http', path: '^apps/server/src/http/' },
      'Fastify belongs to server/src/http: another HTTP server must be a change of one folder.',
    ),
    library(
      'kysely',
      { name: 'db', path: ['^apps/server/src/db/', '-store\\.ts$', '-store-[a-z]+\\.ts$'] },
      'SQL is built in server/src/db and in *-store.ts.',
    ),
    library(
      'acme-client',
      { name: 'tls-acme', path: '^apps/server/src/tls/acme/' },
      'The ACME library belongs to server/src/tls/acme/authority.ts: everybody else asks an Authority.',
    ),
    library(
      '@zxcvbn-ts',
      { name: 'passwords', path: '^apps/server/src/passwords/' },
      'How hard a password is to guess is judged in server/src/passwords, in a thread of its own.',
    ),
    library(
      'openid-client',
      { name: 'sign-on', path: '^apps/server/src/features/login/sign-on/open-id\\.ts$' },
      'Identity providers are asked through an IdentityProvider: which library speaks OpenID Connect is the business of one file.',
    ),
    library(
      'nodemailer',
      { name: 'mail', path: '^apps/server/src/mail/' },
      'SMTP belongs to server/src/mail: everybody else is handed a Mailer.',
    ),
    library('smol-toml', { name: 'config', path: '^packages/config/' }, 'TOML is read by packages/config.'),
    library(
      'pino',
      { name: 'host', path: '^packages/host/' },
      'The log engine belongs to packages/host; everybody else is handed a Logger.',
    ),
    library(
      'ipaddr\\.js',
      { name: 'kit', path: '^packages/kit/' },
      'Addresses are parsed by packages/kit, so that all agree on what an address is.',
    ),
    library(
      '@noble/ciphers',
      { name: 'transport', path: '^packages/transport/' },
      'SSH ciphers belong to packages/transport.',
    ),
    {
      name: 'sqlite-in-db',
      comment: 'node:sqlite is opened in server/src/db only.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: '^apps/server/src/db/|\\.test\\.ts$' },
      to: { path: '^node:sqlite$' },
    },
    {
      name: 'known-modules-only',
      comment:
        'An import that resolves to nothing breaks at run time. A path inside a package (@rport/kit/src/…) resolves to nothing on purpose.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-modules-only',
      comment:
        'A library that the package.json of its folder does not name is there by luck: name it, with its exact version.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
    },
  },
}
