import type { Platform } from './linux-platform.ts'
import type { RootFiles } from './root-files.ts'

/** The version that people know (`14.1`); the kernel's own (`23.1.0`) means nothing to them. */
export async function readMacPlatform(files: RootFiles): Promise<Platform> {
  const text = (await files.read('System/Library/CoreServices/SystemVersion.plist')) ?? ''
  const version = /<key>ProductVersion<\/key>\s*<string>([\d.]{1,20})<\/string>/.exec(text)?.[1] ?? ''
  const isServer = /<key>ProductName<\/key>\s*<string>[^<]{0,50}Server/.test(text)
  return { name: 'darwin', version, family: isServer ? 'Server' : 'Standalone Workstation' }
}
