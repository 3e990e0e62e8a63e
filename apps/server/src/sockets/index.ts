/**
 * What every listener of the server needs: a fault that says what to change, and limits so that no peer eats the sockets of all.
 * Not for what is spoken on a socket: agents/, http/ and the tunnels know that.
 * Start at descriptor-budget.ts (how the process's descriptors are shared out), then newcomers.ts (one address's share).
 */
export {
  createDescriptorBudget,
  type DescriptorBudget,
  shareDescriptors,
  warnOfFewDescriptors,
} from './descriptor-budget.ts'
export { type ListenPurpose, listenFault } from './listen-fault.ts'
export { createNewcomers, type Newcomers } from './newcomers.ts'
