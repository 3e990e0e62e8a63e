import type { Mailer } from '../../../mail/index.ts'
import { type CodeDelivery, TITLE, toText } from './code-delivery.ts'
import { mailAddressFault } from './mail-address.ts'

export const createMailDelivery = (mailer: Mailer): CodeDelivery => ({
  method: 'email',
  send: (message, signal) => mailer.send({ to: message.sendTo, subject: TITLE, text: toText(message) }, signal),
  probe: (signal) => mailer.probe(signal),
  receiverFault: async (sendTo) => mailAddressFault(sendTo),
})
