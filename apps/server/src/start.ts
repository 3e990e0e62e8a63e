/** Entry of rportd: listens to signals before the rest is loaded, which takes a moment. */
import './early-signals.ts'

await import('./main.ts')
