'use strict'

/** One line of progress for the person who typed the command; standard output stays free for what they asked for. */
const say = (line) => process.stderr.write(`${line}\n`)

module.exports = { say }
