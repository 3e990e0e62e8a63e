import type { RootFiles } from './root-files.ts'

/** A distribution: `debian`, `12.11`, `debian`. What is not known is empty. */
export interface Platform {
  readonly name: string
  readonly version: string
  readonly family: string
}

const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  debian: ['debian', 'ubuntu', 'linuxmint', 'raspbian', 'kali', 'pop'],
  fedora: ['fedora'],
  rhel: [
    ...['oracle', 'centos', 'redhat', 'rhel', 'scientific', 'enterpriseenterprise', 'amazon', 'xenserver'],
    ...['cloudlinux', 'ibm_powerkvm', 'rocky', 'almalinux'],
  ],
  suse: [
    ...['suse', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed', 'opensuse-tumbleweed-kubic', 'sled', 'sles'],
    'caasp',
  ],
}
/** Distributions that are their own family. */
const ALONE = ['gentoo', 'slackware', 'arch', 'exherbo', 'alpine', 'coreos', 'solus', 'neokylin']

/** One way to recognise a distribution: the file that gives it away, and what follows from its text. */
interface Sign {
  readonly file: string
  read(text: string, lsb: Lsb, files: RootFiles): NameAndVersion | Promise<NameAndVersion>
}
interface NameAndVersion {
  readonly name: string
  readonly version: string
}
interface Lsb {
  readonly id: string
  readonly release: string
}

/** In the order of the original, so that a machine is called the same by both: the first file that exists decides. */
const SIGNS: readonly Sign[] = [
  { file: 'etc/oracle-release', read: (text) => ({ name: 'oracle', version: releaseVersion(text) }) },
  { file: 'etc/enterprise-release', read: (text) => ({ name: 'oracle', version: releaseVersion(text) }) },
  { file: 'etc/slackware-version', read: (text) => ({ name: 'slackware', version: lastWord(text) }) },
  { file: 'etc/debian_version', read: readDebian },
  { file: 'etc/neokylin-release', read: (text) => ({ name: 'neokylin', version: releaseVersion(text) }) },
  { file: 'etc/redhat-release', read: readRedhat },
  { file: 'etc/system-release', read: readRedhat },
  { file: 'etc/gentoo-release', read: (text) => ({ name: 'gentoo', version: releaseVersion(text) || lastWord(text) }) },
  { file: 'etc/SuSE-release', read: readSuse },
  { file: 'etc/arch-release', read: (_text, lsb) => ({ name: 'arch', version: lsb.release }) },
  { file: 'etc/alpine-release', read: (text) => ({ name: 'alpine', version: firstLine(text) }) },
  { file: 'etc/os-release', read: readOsRelease },
  { file: 'usr/lib/os-release', read: readOsRelease },
]

/** Finds out which distribution this is; never rejects. */
export async function readLinuxPlatform(files: RootFiles): Promise<Platform> {
  const lsb = readLsb(await files.read('etc/lsb-release'))
  for (const sign of SIGNS) {
    const text = await files.read(sign.file)
    if (text !== undefined) return withFamily(await sign.read(text, lsb, files))
  }
  return withFamily({ name: lsb.id.toLowerCase(), version: lsb.release })
}

function withFamily(platform: NameAndVersion): Platform {
  if (ALONE.includes(platform.name)) return { ...platform, family: platform.name }
  const family = Object.entries(FAMILIES).find(([, names]) => names.includes(platform.name))?.[0] ?? ''
  return { ...platform, family }
}

async function readDebian(text: string, lsb: Lsb, files: RootFiles): Promise<NameAndVersion> {
  if (lsb.id === 'Ubuntu' || lsb.id === 'LinuxMint') return { name: lsb.id.toLowerCase(), version: lsb.release }
  const isRaspbian = await files.exists('usr/bin/raspi-config')
  return { name: isRaspbian ? 'raspbian' : 'debian', version: firstLine(text) }
}

function readRedhat(text: string): NameAndVersion {
  const line = firstLine(text).toLowerCase()
  return { name: line.includes('red hat') ? 'redhat' : (line.split(' ')[0] ?? ''), version: releaseVersion(text) }
}

function readSuse(text: string): NameAndVersion {
  const settings = readSettings(text)
  const patch = settings.get('PATCHLEVEL') ?? '0'
  const version = settings.get('VERSION') ?? ''
  return {
    name: firstLine(text).toLowerCase().includes('opensuse') ? 'opensuse' : 'suse',
    version: patch === '0' ? version : `${version}.${patch}`,
  }
}

function readOsRelease(text: string): NameAndVersion {
  const settings = readSettings(text)
  const id = settings.get('ID') ?? ''
  // compat: what people read (`15-SP5`), not what programs compare (`15.5`).
  const version = (settings.get('VERSION') ?? settings.get('VERSION_ID') ?? '').trim()
  return { name: id === 'amzn' ? 'amazon' : id, version }
}

function readLsb(text: string | undefined): Lsb {
  const settings = readSettings(text ?? '')
  return { id: settings.get('DISTRIB_ID') ?? '', release: settings.get('DISTRIB_RELEASE') ?? '' }
}

/** Lines of `KEY=value` or `KEY = "value"`. */
function readSettings(text: string): Map<string, string> {
  const settings = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z_]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (match?.[1] !== undefined) settings.set(match[1], (match[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'))
  }
  return settings
}

/** `CentOS Linux release 7.9.2009 (Core)` → `7.9.2009` */
function releaseVersion(text: string): string {
  const line = firstLine(text).toLowerCase()
  if (line.includes('rawhide')) return 'rawhide'
  return /release (\w[\d.]*)/.exec(line)?.[1] ?? ''
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').trim()
const lastWord = (text: string): string => firstLine(text).split(' ').at(-1) ?? ''
