import type { ChannelHost } from '../ssh/ssh-channel.ts'
import { WindowGrowth } from '../ssh/window-growth.ts'

const ignore = () => undefined

/** What channels live in, where nothing is sent and no time passes; `own` is what a test looks at. */
export const idleChannelHost = (own: Partial<ChannelHost> = {}): ChannelHost => ({
  ready: ignore,
  turnNow: ignore,
  now: () => 0,
  windows: new WindowGrowth(0),
  sendWindowAdjust: ignore,
  sendEof: ignore,
  sendClose: ignore,
  answerClose: ignore,
  forget: ignore,
  halfClose: true,
  isCrowded: false,
  queueChanged: ignore,
  ...own,
})
