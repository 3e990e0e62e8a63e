/** A stranger's text for a terminal: nothing in it moves the cursor or begins a line. */
export const visible = (text: string): string => text.replace(/\p{C}/gu, '?')
