/**
 * Why does it not work: looks at everything that a server needs, and says the way out of what it finds.
 * Not for mending anything, and not for a running server's own state (health and metrics tell that).
 * Start at examine-server.ts; a new check is a file `check-x.ts` and a line there.
 */
export { examineServer } from './examine-server.ts'
