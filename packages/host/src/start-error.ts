/**
 * The machine does not let the program start, and a person can change that: the message names the thing, what is wrong
 * with it and the fix. `main.ts` prints the message on one line, without a stack, and exits with 1.
 */
export class StartError extends Error {
  override readonly name = 'StartError'
}
