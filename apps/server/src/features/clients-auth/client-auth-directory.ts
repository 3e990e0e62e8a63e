/** The two ends of a tunnel, as rules of a credential judge them. */
export interface TunnelEnds {
  /** Undefined: the server chooses the port. */
  readonly listenPort: number | undefined
  readonly targetHost: string
  readonly targetPort: number
}

/** What agents log in with: ids and passwords, wherever they are kept. A credential without id or password counts as none. */
export interface ClientAuthDirectory {
  /** As `/status` names it. */
  readonly source: 'Static Credentials' | 'File' | 'DB'
  /** As `/status` names it: whether the API may change credentials. */
  readonly mode: 'Read Only' | 'Read Write'
  /** How often to look whether somebody else has removed a credential, in milliseconds; undefined: nobody else can. */
  readonly recheckMs: number | undefined
  /**
   * Whether there is such a credential. Empty ids and passwords never are.
   * @throws LimiterFull while too many checks wait: no verdict, and no failure to count; DatabaseError likewise
   */
  verify(id: string, password: string): Promise<boolean>
  /** Those of `ids` that are still there: a credential that was removed owns no clients and no connections any more. */
  existing(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** Every id, in order of their letters. */
  ids(): Promise<readonly string[]>
  /** Whether the credential may have this tunnel; most stores know no such rules. */
  allowsTunnel(id: string, ends: TunnelEnds): Promise<boolean>
  /** Adds a credential. @returns whether the id was free; nothing changes when it was not */
  create(id: string, password: string): Promise<boolean>
  /** @returns whether there was such a credential */
  delete(id: string): Promise<boolean>
  /** Why what is stored is not what counts, for administrators; undefined while all is well. Absent: it always is. */
  problem?(): string | undefined
}

/** Longer ids and passwords are nobody's: agents may send anything before they are known. */
export const MAX_LENGTH = 1000

/** Whether the texts could be a credential at all. Databases refuse texts with a NUL, so there is none. */
export const isPlausible = (id: string, password: string): boolean => isPlausibleText(id) && isPlausibleText(password)

const isPlausibleText = (text: string): boolean => text !== '' && text.length <= MAX_LENGTH && !text.includes('\0')

/** The order of ids in lists. */
export const byLetters = (left: string, right: string): number => Number(left > right) - Number(left < right)
