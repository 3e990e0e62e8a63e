import { errorMessage, joinHostPort } from '@rport/kit'
import { RE2JS } from 're2js'
import type { TunnelEnds } from './client-auth-directory.ts'

/** What a credential of the first release's file may reach: any of the expressions has to match. */
export interface TunnelRules {
  allows(ends: TunnelEnds): boolean
}

/** Bounds of a file that somebody else may write. */
const MAX_EXPRESSIONS = 1000
const MAX_EXPRESSION_CHARS = 1000

/**
 * Compiles the expressions of one credential: RE2 syntax, found anywhere in the text unless anchored, in linear time. A
 * tunnel is allowed when one of them matches its listen port as text, or `host:port` of its target. `""` and `"*"` allow
 * everything, an empty list nothing. A port that the server chooses matches no expression.
 * @throws Error naming the expression
 * @see    https://github.com/google/re2/wiki/Syntax
 */
export function compileTunnelRules(expressions: readonly unknown[]): TunnelRules {
  if (expressions.length > MAX_EXPRESSIONS) {
    throw new Error(`it has ${expressions.length} expressions, ${MAX_EXPRESSIONS} are allowed`)
  }
  const compiled = expressions.map(compile)
  return {
    allows({ listenPort, targetHost, targetPort }) {
      const texts = [joinHostPort(targetHost, targetPort)]
      if (listenPort !== undefined) texts.push(String(listenPort))
      return compiled.some((expression) => texts.some((text) => expression(text)))
    },
  }
}

function compile(expression: unknown): (text: string) => boolean {
  if (typeof expression !== 'string') throw new Error('its expressions must be texts')
  if (expression === '' || expression === '*') return () => true
  const shown = JSON.stringify(expression.slice(0, 100))
  if (expression.length > MAX_EXPRESSION_CHARS) {
    throw new Error(`the expression ${shown} is longer than ${MAX_EXPRESSION_CHARS} characters`)
  }
  try {
    const matcher = RE2JS.compile(expression)
    return (text) => matcher.matcher(text).find()
  } catch (error) {
    throw new Error(`the expression ${shown} is not understood: ${errorMessage(error)}`)
  }
}
