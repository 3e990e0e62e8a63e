import { clients } from './clients.ts'
import { clientsAuth } from './clients-auth.ts'
import { description } from './description.ts'
import { login } from './login.ts'
import { me } from './me.ts'
import { status } from './status.ts'
import { tunnels } from './tunnels.ts'

/** The whole API. A resource that is missing here has no SDK methods and no place in the description. */
export const api = { clients, clientsAuth, description, login, me, status, tunnels } as const
