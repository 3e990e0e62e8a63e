import { holdSignals } from '@rport/host'

/**
 * Holds the signals of this process from the moment that this file is loaded; main.ts takes over. The one value that a
 * module of this program keeps by itself: a process has its signals once, and they come before anything was built.
 */
export const heldSignals = holdSignals()
