/**
 * Tells a watchdog how the agent is doing: the file state.json and messages to systemd.
 * Not for deciding anything: whoever watches does that.
 * Start at watchdog.ts.
 */
export { createSystemdNotice } from './systemd-notice.ts'
export { createWatchdog, type Watchdog } from './watchdog.ts'
