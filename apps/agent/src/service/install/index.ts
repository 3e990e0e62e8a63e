/**
 * The agent as a service of its machine: `--service install|uninstall|start|stop|print`.
 * Not for running as one (interactive.ts) nor for telling the service manager how it goes (watchdog/).
 * Start at service-command.ts.
 */
export { runServiceCommand } from './service-command.ts'
