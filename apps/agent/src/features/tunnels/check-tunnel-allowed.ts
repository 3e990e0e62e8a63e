import { errorMessage } from '@rport/kit'
import { type HostPort, RequestRefused } from '@rport/protocol'
import type { TargetPermission } from './target-permission.ts'

/** Says whether `tunnel_allowed` covers a target. @throws RequestRefused when its name cannot be resolved */
export async function checkTunnelAllowed(target: HostPort, permission: TargetPermission): Promise<boolean> {
  try {
    return (await permission.judge(target)) !== undefined
  } catch (error) {
    throw new RequestRefused(errorMessage(error), { cause: error })
  }
}
