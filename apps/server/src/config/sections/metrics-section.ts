import { bool, hostPort, networks, option, secret, section } from '@rport/config'

export const metricsSection = section({
  title: 'Metrics',
  description: 'Figures about the server for Prometheus and its kin, at /metrics.',
  options: {
    enabled: option(bool(), {
      default: true,
      since: '2.1.0',
      description: 'Serve them. Without further settings only administrators may read them, with a login of the API.',
    }),
    token: option(secret(), {
      since: '2.1.0',
      description: 'Whoever sends this as a bearer token may read them, too.',
      defaultText: 'none',
      example: '"a-long-random-text"',
    }),
    allowed_addresses: option(networks(), {
      default: [],
      since: '2.1.0',
      description: 'Whoever calls from these addresses and networks may read them without login.',
      example: '["127.0.0.1", "10.0.7.0/24"]',
    }),
    address: option(hostPort('127.0.0.1:9180'), {
      since: '2.1.0',
      description:
        'Address and port of their own, without encryption, instead of the port of the API. /healthz and /readyz are answered there, too.',
      defaultText: 'on the port of the API',
      example: '"127.0.0.1:9180"',
    }),
  },
})
