import { systemClock } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../db/index.ts'
import { openTestDatabase } from '../../db/testing/index.ts'
import { createEmbeddedUsers, type EmbeddedUsers } from '../users/index.ts'
import { createVouchedUsers } from './vouched-users.ts'

let db: Database
let directory: EmbeddedUsers
const log = createMemoryLogger()
beforeEach(async () => {
  db = await openTestDatabase()
  directory = createEmbeddedUsers({ db, clock: systemClock, log })
  const base = { password: '$argon2id$nobody', passwordExpired: false, twoFaSendTo: '' }
  await directory.create({ ...base, username: 'ada', groups: ['Administrators'] })
  await directory.create({ ...base, username: 'bob', groups: ['operators'] })
})
afterEach(() => db.close())

const vouched = (createMissing = true) =>
  createVouchedUsers({
    config: { createMissing, defaultGroup: 'viewers' },
    directory,
    passwords: { hash: async (password) => `$argon2id$${password.length}` },
    log,
  })

describe('somebody for whom another one vouches', () => {
  it('keeps the groups of this server when the other side names none', async () => {
    const { user, isNew } = await vouched().admitted({ username: 'bob', mayCreate: true })
    expect([user.groups, isNew]).toEqual([['operators'], false])
  })

  it('has the groups that the other side names, at once', async () => {
    const { user } = await vouched().admitted({ username: 'bob', groups: ['viewers'], mayCreate: true })
    expect(user.groups).toEqual(['viewers'])
    expect((await vouched().admitted({ username: 'bob', groups: [], mayCreate: true })).user.groups).toEqual([])
  })

  it('stays the last administrator, whatever the other side says', async () => {
    const { user } = await vouched().admitted({ username: 'ada', groups: ['viewers'], mayCreate: true })
    expect(user.groups).toEqual(['Administrators'])
    expect(log.text()).toContain('nobody would be left to administrate')
  })

  it('is made in the default group, or in the groups that the other side names', async () => {
    const plain = await vouched().admitted({ username: 'eve', mayCreate: true })
    expect([plain.user.groups, plain.isNew]).toEqual([['viewers'], true])
    const named = await vouched().admitted({ username: 'kim', groups: ['operators'], mayCreate: true })
    expect(named.user.groups).toEqual(['operators'])
  })

  it('is made once by two logins at the same time', async () => {
    const both = await Promise.all([
      vouched().admitted({ username: 'eve', mayCreate: true }),
      vouched().admitted({ username: 'eve', mayCreate: true }),
    ])
    expect(both.map(({ user }) => user.username)).toEqual(['eve', 'eve'])
  })

  it.each([
    [false, true],
    [true, false],
  ])('is refused when there is no such user and none may be made (%j, %j)', async (createMissing, mayCreate) => {
    await expect(vouched(createMissing).admitted({ username: 'eve', mayCreate })).rejects.toMatchObject({
      key: 'unauthorized',
    })
    expect(await directory.find('eve')).toBeUndefined()
  })
})
