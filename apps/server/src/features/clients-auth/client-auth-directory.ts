/** What agents log in with: ids and passwords, wherever they are kept. */
export interface ClientAuthDirectory {
  /** As `/status` names it. */
  readonly source: 'Static Credentials' | 'File' | 'DB'
  /** As `/status` names it: whether the API may change credentials. */
  readonly mode: 'Read Only' | 'Read Write'
  /**
   * Whether there is such a credential. Empty ids and passwords never are.
   * @throws LimiterFull while too many checks wait: no verdict, and no failure to count
   */
  verify(id: string, password: string): Promise<boolean>
  /** Whether there is a credential of this id: one that was removed owns no clients any more. */
  exists(id: string): Promise<boolean>
}

/** Longer ids and passwords are nobody's: agents may send anything before they are known. */
const MAX_LENGTH = 1000

/** Whether the texts could be a credential at all. */
export const isPlausible = (id: string, password: string): boolean =>
  id !== '' && password !== '' && id.length <= MAX_LENGTH && password.length <= MAX_LENGTH
