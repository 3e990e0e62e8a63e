/** Who wants to know how the link is doing: a watchdog. All of it is told at once and waits for nothing. */
export interface LinkReport {
  /** Registered with a server, so long after the dial began. */
  connected(server: string, withinMs: number): void
  /** The server answered a ping. */
  alive(server: string): void
  /** There is no link; the next attempt comes after this wait. */
  retrying(waitMs: number): void
}
