/**
 * The way of a visitor: from the port of a tunnel through the channel of an agent to the target, and who may go it.
 * Not for which tunnels there are, on which ports, and who may open them: features/tunnels decides that.
 * Start at tunnel-listener.ts (what a tunnel listens with), then tcp-listener.ts (one visitor after the other).
 */
export { isAddressInUse } from './tcp-listener.ts'
export {
  createTunnelListeners,
  type OpenTunnelListener,
  type TunnelListener,
  type TunnelWay,
} from './tunnel-listener.ts'
