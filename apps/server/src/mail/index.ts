/**
 * Sending mail through the server of `[smtp]`.
 * Not for what is in the mail: second factors and notifications write their own.
 * Start at mailer.ts.
 */
export { createMailer, type Mailer, type MailerOptions } from './mailer.ts'
