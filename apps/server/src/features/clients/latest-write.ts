/**
 * Writes of single things, of which only the newest state matters: while one thing is being written, all further wishes
 * for it share the next write. So nobody can fill a queue by changing one thing often.
 * @param write  writes the state that the thing has when it is called, and everything that was to be written with it
 * @returns      settles with the first write that began after the call
 */
export function createLatestWrite<Extra>(
  write: (key: string, extras: readonly Extra[]) => Promise<void>,
): (key: string, extra?: Extra) => Promise<void> {
  const states = new Map<
    string,
    { next: { readonly extras: Extra[]; readonly done: Promise<void> } | undefined; readonly running: Promise<void> }
  >()

  const run = (key: string, extras: readonly Extra[]): Promise<void> => {
    const running = write(key, extras)
    const state = { running, next: undefined }
    states.set(key, state)
    const settled = () => {
      if (states.get(key) === state && state.next === undefined) states.delete(key)
    }
    running.then(settled, settled)
    return running
  }
  return (key, extra) => {
    const own = extra === undefined ? [] : [extra]
    const state = states.get(key)
    if (!state) return run(key, own)
    if (state.next) state.next.extras.push(...own)
    else {
      const again = () => run(key, own)
      state.next = { extras: own, done: state.running.then(again, again) }
    }
    return state.next.done
  }
}
