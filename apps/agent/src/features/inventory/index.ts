/**
 * What the agent tells about its machine when it registers, and the id that the machine itself carries.
 * Not for measurements (they change by the minute) and not for what the operator configured (names, tags, labels).
 * Start at inventory.ts; one file per thing that is looked at.
 */
export { createInventory, type InventorySource } from './inventory.ts'
export { type Machine, thisMachine } from './machine.ts'
export { type RunProcess, readMachineId } from './machine-id.ts'
export { createRootFiles, type RootFiles } from './root-files.ts'
