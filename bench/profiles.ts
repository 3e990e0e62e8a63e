import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type CpuProfile, hotSpots, programOf } from './hot-spots.ts'

/** How many functions are listed for each program. */
const LISTED = 25

/** Profiles of the lines: what is put into the environment of our programs, and what is made of what they leave. */
export interface Profiles {
  /** Environment under which a program writes a profile when it ends. */
  envFor(line: string): Readonly<Record<string, string>>
  /**
   * Names the files of a line by their program and lists their hot spots, once the programs have ended.
   * @param fromUs  when measuring began, by the monotonic clock
   */
  collect(line: string, fromUs: number): void
}

/** @param folder  where the profiles go: `LINE/PROGRAM-N.cpuprofile`, for the browser's tools, and `LINE/hot-spots.txt` */
export function createProfiles(folder: string): Profiles {
  const folderOf = (line: string) => join(resolve(folder), line)
  return {
    envFor(line) {
      mkdirSync(folderOf(line), { recursive: true })
      return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folderOf(line)}` }
    },
    collect(line, fromUs) {
      const texts: string[] = []
      for (const [index, name] of globSync('CPU.*.cpuprofile', { cwd: folderOf(line) })
        .sort()
        .entries()) {
        const path = join(folderOf(line), name)
        const profile = JSON.parse(readFileSync(path, 'utf8')) as CpuProfile
        const program = `${programOf(profile)}-${index + 1}`
        renameSync(path, join(folderOf(line), `${program}.cpuprofile`))
        const spots = hotSpots(profile, LISTED, fromUs)
        texts.push(
          program,
          ...spots.map(({ where, share }) => `${(share * 100).toFixed(1).padStart(6)} %  ${where}`),
          '',
        )
      }
      writeFileSync(join(folderOf(line), 'hot-spots.txt'), texts.join('\n'))
    },
  }
}
