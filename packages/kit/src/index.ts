/**
 * Small, opinion-free parts that every package may use: clock, deadlines, logger type, durations, addresses, errors, back-off.
 * Not for anything that knows a word of the product or touches a socket, a file or a browser.
 * Start at clock.ts and logger.ts: both are handed around everywhere.
 */
export { type BackoffOptions, backoffDelayMs } from './backoff.ts'
export { type Clock, sleep, systemClock, type Timer } from './clock.ts'
export { type Deadline, inTime, withDeadline } from './deadline.ts'
export { formatDuration, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, NS_PER_MS, parseDuration } from './duration.ts'
export { errorCode, errorMessage, toError, unreachable } from './errors.ts'
export { callerAddress } from './forwarded.ts'
export {
  addressGroup,
  type IpAddress,
  type IpNetwork,
  joinHostPort,
  networkContains,
  parseIp,
  parseIpNetwork,
  splitHostPort,
} from './ip.ts'
export { createLogger, type LineWriter, type LogFields, type Logger, type LogLevel, silentLogger } from './logger.ts'
export { createRecentMap, type RecentMap } from './recent-map.ts'
export { MASK, mask, Secret } from './secret.ts'
export { isVersionAtLeast, parseVersion, version } from './version.ts'
