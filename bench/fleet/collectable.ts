/** Loaded into a process that is measured (`--import`): it collects its garbage when the process that forked it says so. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

process.on('message', (message) => {
  if (message !== 'collect') return
  // Twice: what the first finds unreachable may hold buffers that only the second gives back.
  collect()
  setImmediate(() => {
    collect()
    process.send?.('collected')
  })
})
// The channel is for questions, not a reason to live.
process.channel?.unref()
