/**
 * Writes of single things, of which only the newest state matters: while one thing is being written, all further wishes
 * for it share the next write. So nobody can fill a queue by changing one thing often.
 * @param write  writes the state that the thing has when it is called
 * @returns      settles with the first write that began after the call
 */
export function createLatestWrite(write: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const states = new Map<string, { running: Promise<void>; next: Promise<void> | undefined }>()

  const run = (key: string): Promise<void> => {
    const running = write(key)
    const state = { running, next: undefined }
    states.set(key, state)
    const settled = () => {
      if (states.get(key) === state && state.next === undefined) states.delete(key)
    }
    running.then(settled, settled)
    return running
  }
  return (key) => {
    const state = states.get(key)
    if (!state) return run(key)
    const again = () => run(key)
    state.next ??= state.running.then(again, again)
    return state.next
  }
}
