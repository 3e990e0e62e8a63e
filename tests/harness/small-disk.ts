import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Scope } from './scope.ts'

function findReason(): string | undefined {
  if (process.platform !== 'linux') return 'small disks are made on Linux only'
  return process.getuid?.() === 0 ? undefined : 'mounting a small disk needs root'
}

/** Why stories about full disks are left out on this machine; undefined when they are told. */
export const smallDiskMissing = findReason()

/** A file system with little room. */
export interface SmallDisk {
  readonly path: string
  /** Takes all room that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
}

const FILLER = 'filler'
/** The size of a page of tmpfs: smaller pieces would not find the last of it. */
const PAGE = Buffer.alloc(4096)

/** Mounts a disk of so many bytes, mode 0700; the scope unmounts it after what lives on it has ended. */
export async function createSmallDisk(scope: Scope, sizeBytes: number): Promise<SmallDisk> {
  const path = await scope.folder('disk')
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=700`, 'tmpfs', path], { stdio: 'pipe' })
  scope.add(() => execFileSync('umount', ['--lazy', path], { stdio: 'pipe' }))
  const filler = join(path, FILLER)
  return {
    path,
    fill() {
      const file = openSync(filler, 'a')
      try {
        while (writeSync(file, PAGE) === PAGE.length);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler, { force: true }),
  }
}
