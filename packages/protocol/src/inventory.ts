/** What an agent tells about its machine. Every text that could not be found out is `unknown`, every number 0. */
export interface Inventory {
  /** As `uname -a` says it; on Windows platform, version and family. */
  readonly os: string
  /** `Debian 12.11` */
  readonly osFullName: string
  readonly osVersion: string
  /** `KVM`, `HYPERV`, `VMWARE`, `XEN`, `UNKNOWN` or empty. */
  readonly osVirtualizationSystem: string
  /** `guest`, `host`, `unknown` or empty. */
  readonly osVirtualizationRole: string
  /** Go's name: `amd64`, `arm64`, `386`. */
  readonly osArch: string
  /** `debian`, `rhel`, … */
  readonly osFamily: string
  /** Go's name of the system: `linux`, `windows`, `darwin`. */
  readonly osKernel: string
  readonly hostname: string
  readonly cpuFamily: string
  readonly cpuModel: string
  readonly cpuModelName: string
  readonly cpuVendor: string
  /** Logical processors. */
  readonly numCpus: number
  readonly memoryTotalBytes: number
  /** `CET (UTC+01:00)` */
  readonly timezone: string
  /** Addresses of all interfaces but loopback; null: could not be found out. */
  readonly ipv4: readonly string[] | null
  readonly ipv6: readonly string[] | null
}
