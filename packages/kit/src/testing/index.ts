/** Stand-ins for tests only: a clock that is moved by hand and a logger that remembers. */
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export { createMemoryLogger, type LoggedLine, type MemoryLogger } from './memory-logger.ts'
