import { testSettings } from '@rport/config/testing'
import { describe } from 'vitest'
import { serverProgram } from './schema.ts'

describe('each setting of rportd', () => testSettings(serverProgram))
