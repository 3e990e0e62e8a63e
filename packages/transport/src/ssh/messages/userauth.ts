import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MSG } from './numbers.ts'

const MAX_NAME_BYTES = 256
const MAX_PASSWORD_BYTES = 1024

/** byte 5 or 6 | string service (RFC 4253 section 10) */
export const encodeServiceRequest = (service: string): Buffer =>
  new ByteWriter().byte(MSG.SERVICE_REQUEST).string(service).finish()
export const encodeServiceAccept = (service: string): Buffer =>
  new ByteWriter().byte(MSG.SERVICE_ACCEPT).string(service).finish()
export const decodeService = (payload: Buffer): string => new ByteReader(payload, 1).text(MAX_NAME_BYTES)

export interface AuthRequest {
  readonly user: string
  readonly service: string
  readonly method: string
  /** Only for method `password` without a change of password. */
  readonly password: string | undefined
}

/** byte 50 | string user | string service | string method | for password: boolean FALSE | string password (RFC 4252) */
export function encodeAuthRequest(user: string, password: string | undefined): Buffer {
  const writer = new ByteWriter().byte(MSG.USERAUTH_REQUEST).string(user).string('ssh-connection')
  if (password === undefined) return writer.string('none').finish()
  return writer.string('password').boolean(false).string(password).finish()
}

export function decodeAuthRequest(payload: Buffer): AuthRequest {
  const reader = new ByteReader(payload, 1)
  const user = reader.text(MAX_NAME_BYTES)
  const service = reader.text(MAX_NAME_BYTES)
  const method = reader.text(MAX_NAME_BYTES)
  const password = method === 'password' && !reader.boolean() ? reader.text(MAX_PASSWORD_BYTES) : undefined
  return { user, service, method, password }
}

/** byte 51 | name list of methods that can continue | boolean partial success */
export const encodeAuthFailure = (methods: readonly string[]): Buffer =>
  new ByteWriter().byte(MSG.USERAUTH_FAILURE).nameList(methods).boolean(false).finish()
export const decodeAuthFailure = (payload: Buffer): string[] => new ByteReader(payload, 1).nameList()

export const encodeAuthSuccess = (): Buffer => Buffer.from([MSG.USERAUTH_SUCCESS])
