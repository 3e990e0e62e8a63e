/**
 * What both programs need of their machine: logs, files written whole, a data folder of one's own, signals, process list.
 * Not for sockets (transport and the programs own theirs), settings (config) or anything that knows a word of the product.
 * Start at log.ts and shutdown.ts: main.ts of each program uses both.
 */
export { readSecretFile, syncFolder, type WriteFileOptions, writeFileAtomic } from './atomic-file.ts'
export { type DataFolder, type DataFolderOptions, openDataFolder } from './data-folder.ts'
export { readDescriptorLimit } from './descriptor-limit.ts'
export { type Finding, findingsAsJson, hasFailure, renderFindings } from './finding.ts'
export { findFolderHolder } from './folder-lock.ts'
export { type HeldSignals, holdSignals, releaseToSystem } from './held-signals.ts'
export { createLog, type Log, type LogFormat, type LogOptions } from './log.ts'
export { cleanFields } from './log-fields.ts'
export { type LogFileOptions, type LogOutput, openLogFile } from './log-output.ts'
export type { LogRotation } from './log-rotation.ts'
export { setProcessTitle } from './process-title.ts'
export { openReloadingFile, type ReloadingFile, type ReloadingFileOptions } from './reloading-file.ts'
export { checkRoot, type RootCheckOptions } from './root-check.ts'
export { type Life, runUntilSignal, type ShutdownOptions, type StopSignal } from './shutdown.ts'
export { StartError } from './start-error.ts'
export { isTerminal } from './terminal.ts'
