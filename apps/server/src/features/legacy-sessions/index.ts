/**
 * The API of the first release: sessions and their tunnels, in the words of July 2020, as today's calls in disguise.
 * Not for anything that the first release could not do: that is in clients and tunnels.
 * Start at legacy-session-routes.ts; local-door.ts answers them without login for programs on this machine.
 */
export { legacySessionRoutes } from './legacy-session-routes.ts'
export { createLocalDoor, type LocalDoor } from './local-door.ts'
