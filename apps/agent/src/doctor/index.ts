/**
 * Why can this machine not connect: goes the agent's way to its server step by step and says the way out.
 * Not for mending anything, and not for staying connected (link).
 * Start at examine-agent.ts; advice.ts holds what can be done about each failure.
 */
export { runDoctor } from './doctor-command.ts'
