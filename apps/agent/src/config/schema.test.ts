import { testSettings } from '@rport/config/testing'
import { describe } from 'vitest'
import { agentProgram } from './schema.ts'

describe('each setting of rport', () => testSettings(agentProgram))
