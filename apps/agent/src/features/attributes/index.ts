/**
 * Tags and labels of this machine and the file that keeps them.
 * Not for facts of the machine (inventory) nor for its id and name (link).
 * Start at attributes.ts.
 */
export { type Attributes, createAttributes } from './attributes.ts'
