import { toTimeText, type VaultKeyView, type VaultValueView, vault } from '@rport/api'
import { type RouteSet, routes } from '../../http/index.ts'
import type { VaultDoor } from './vault-lock.ts'
import type { OpenValue, VaultService } from './vault-service.ts'
import { parseVaultId, type VaultRow } from './vault-value.ts'

/** The operations of packages/api/src/vault.ts. */
export const vaultRoutes = ({ door, service }: { door: VaultDoor; service: VaultService }): RouteSet =>
  routes(vault, {
    status: () => door.status(),
    unlock: ({ body, origin }) => door.unlock(body.password, origin.address),
    init: ({ body }) => door.init(body.password),
    lock: () => door.lock(),
    list: async ({ actor, list: { filter, sorts } }) => (await service.list(actor, { filter, sorts })).map(toKeyView),

    async create({ actor, body, audit }) {
      audit.note({ clientIds: [body.client_id] })
      return { id: await service.create(actor, body) }
    },
    async get({ actor, params, audit }) {
      const opened = await service.get(actor, parseVaultId(params.vault_value_id))
      const { client_id, required_group, key, type } = opened.row
      audit.note({ clientIds: [client_id], request: { client_id, required_group, key, type } })
      return toValueView(opened)
    },
    async update({ actor, params, body, audit }) {
      const id = parseVaultId(params.vault_value_id)
      audit.note({ clientIds: [body.client_id] })
      await service.update(actor, id, body)
      return { id }
    },
    delete: ({ actor, params }) => service.delete(actor, parseVaultId(params.vault_value_id)),
  })

const toKeyView = ({ id, client_id, created_by, created_at, key }: VaultRow): VaultKeyView => ({
  id,
  client_id,
  created_by,
  created_at: toTimeText(created_at),
  key,
})

const toValueView = ({ row, value }: OpenValue): VaultValueView => ({
  client_id: row.client_id,
  required_group: row.required_group,
  key: row.key,
  value,
  type: row.type,
  id: row.id,
  created_at: toTimeText(row.created_at),
  updated_at: toTimeText(row.updated_at),
  created_by: row.created_by,
  updated_by: row.updated_by,
})
