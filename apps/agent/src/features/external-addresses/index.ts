/**
 * The addresses under which this machine appears on the Internet: asked from an API, told to the server.
 * Not for the addresses of its own interfaces, which are part of the inventory.
 * Start at external-addresses.ts.
 */
export { askAddress } from './ask-address.ts'
export { createExternalAddresses } from './external-addresses.ts'
