import { describe, expect, expectTypeOf, test } from 'vitest'
import { ApiError, apiError, type ErrorParams, joinErrors, throwCollected } from './api-error.ts'
import { errorTable } from './error-table.ts'
import { requestDataError } from './plain-errors.ts'

describe('apiError', () => {
  test('fills the title from its parameters', () => {
    const error = apiError('client_not_found', { clientId: 'a "b"' })
    expect(error).toBeInstanceOf(ApiError)
    expect(error.status).toBe(404)
    expect(error.entries).toEqual([{ code: '', title: 'Client with id="a "b"" not found.', detail: '' }])
  })

  test('fills the detail of the table, too', () => {
    expect(apiError('password_too_short', { minLength: 14 }).entries[0]?.detail).toBe(
      'password must be at least 14 characters',
    )
  })

  test('carries the public code', () => {
    expect(apiError('tunnel_exists').entries[0]?.code).toBe('ERR_CODE_TUNNEL_EXIST')
  })

  test('a parameter that looks like a placeholder stays what it is', () => {
    const error = apiError('tunnel_remote_invalid', { remote: '{reason}$&', reason: 'Missing ports' })
    expect(error.entries[0]?.title).toBe('failed to decode "{reason}$&": Missing ports')
  })

  test('keeps the cause for the log and out of the entries', () => {
    const cause = new Error('disk')
    const error = apiError('tunnel_not_started', { reason: 'x' }, { cause, detail: 'y' })
    expect(error.cause).toBe(cause)
    expect(JSON.stringify(error.entries)).not.toContain('disk')
    expect(error.entries[0]?.detail).toBe('y')
  })

  test('parameters follow from the texts of the table', () => {
    expectTypeOf<ErrorParams<'unsupported_field'>>().toEqualTypeOf<{
      readonly field: string | number
      readonly resource: string | number
    }>()
    // @ts-expect-error the client's id is missing
    apiError('client_not_found')
    // @ts-expect-error there is nothing to fill
    apiError('tunnel_exists', { port: 5 })
  })

  test.each(Object.entries(errorTable))('%s has an error status and says when it happens', (_key, row) => {
    expect(row.status).toBeGreaterThanOrEqual(400)
    expect(row.status).toBeLessThan(600)
    expect(row.when.length).toBeGreaterThan(5)
  })
})

describe('several faults', () => {
  test('the first one decides the status', () => {
    const error = joinErrors([apiError('tunnel_not_found'), apiError('unauthorized')])
    expect(error.status).toBe(404)
    expect(error.entries.map((entry) => entry.title)).toEqual(['tunnel not found', 'unauthorized'])
  })

  test('collecting none throws nothing', () => {
    expect(() => throwCollected([])).not.toThrow()
    expect(() => throwCollected([apiError('unauthorized')])).toThrow('unauthorized')
  })
})

test('the reason of a malformed request is repeated as it is', () => {
  const error = requestDataError(10_240, 'invalid URL escape "%$&"')
  expect(error.message).toBe('Request data exceeds the limit of 10240 bytes: invalid URL escape "%$&"')
})
