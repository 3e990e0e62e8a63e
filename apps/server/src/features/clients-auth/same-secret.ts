import { hash, timingSafeEqual } from 'node:crypto'

/** Compares in a time that says nothing about where the texts differ; digests make both sides equally long. */
export function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(digestOf(left), digestOf(right))
}

const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer')
