import { makeSelfSigned } from '../self-signed.ts'

const DAY_MS = 24 * 3_600_000

export interface TestCertificate {
  /** PEM */
  readonly certificate: string
  /** PEM, PKCS #8 */
  readonly key: string
}

/** A self-signed certificate for `localhost` and 127.0.0.1, good for 30 days from yesterday unless told otherwise. */
export const makeCertificate = ({
  name = 'localhost',
  validFromAt = Date.now() - DAY_MS,
  validToAt = Date.now() + 30 * DAY_MS,
}: {
  name?: string
  validFromAt?: number
  validToAt?: number
} = {}): Promise<TestCertificate> => makeSelfSigned({ name, addresses: ['127.0.0.1'], validFromAt, validToAt })
