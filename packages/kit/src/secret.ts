/** What a secret looks like wherever it may be seen. An empty one stays empty, so that "not set" can be told. */
export const MASK = '********'

/** A text that must not reach a log, a reply or an error by accident: only `reveal` gives it away. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  isEmpty(): boolean {
    return this.#text === ''
  }

  toString(): string {
    return mask(this.#text)
  }

  toJSON(): string {
    return mask(this.#text)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return mask(this.#text)
  }
}

/** The mask for a secret text; the empty text stays empty. */
export const mask = (text: string): string => (text === '' ? '' : MASK)
