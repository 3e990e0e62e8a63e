/** Whether somebody reads what is written to `stream`: secrets of a first start are shown to people only. */
export const isTerminal = (stream: { isTTY?: boolean } = process.stdout): boolean => stream.isTTY === true
