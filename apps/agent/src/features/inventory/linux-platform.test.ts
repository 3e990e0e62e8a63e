import { expect, test } from 'vitest'
import { readLinuxPlatform } from './linux-platform.ts'
import { fixtureRoot } from './testing/fixture-root.ts'

const ubuntu = 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\n'

test.each<[string, Record<string, string>, string, string, string]>([
  [
    'Debian',
    { 'etc/debian_version': '12.11\n', 'etc/os-release': 'ID=debian\nVERSION_ID="12"\n' },
    'debian',
    '12.11',
    'debian',
  ],
  ['Ubuntu', { 'etc/debian_version': 'bookworm/sid\n', 'etc/lsb-release': ubuntu }, 'ubuntu', '22.04', 'debian'],
  ['Raspberry Pi OS', { 'etc/debian_version': '11.6\n', 'usr/bin/raspi-config': '#!' }, 'raspbian', '11.6', 'debian'],
  ['RHEL', { 'etc/redhat-release': 'Red Hat Enterprise Linux release 9.3 (Plow)\n' }, 'redhat', '9.3', 'rhel'],
  ['CentOS', { 'etc/redhat-release': 'CentOS Linux release 7.9.2009 (Core)\n' }, 'centos', '7.9.2009', 'rhel'],
  ['Rocky', { 'etc/redhat-release': 'Rocky Linux release 8.10 (Green Obsidian)\n' }, 'rocky', '8.10', 'rhel'],
  ['Fedora', { 'etc/redhat-release': 'Fedora release 39 (Thirty Nine)\n' }, 'fedora', '39', 'fedora'],
  ['Fedora rawhide', { 'etc/redhat-release': 'Fedora release 41 (Rawhide)\n' }, 'fedora', 'rawhide', 'fedora'],
  [
    'Oracle Linux, which calls itself Red Hat, too',
    {
      'etc/oracle-release': 'Oracle Linux Server release 8.8\n',
      'etc/redhat-release': 'Red Hat Enterprise Linux release 8.8',
    },
    'oracle',
    '8.8',
    'rhel',
  ],
  ['Amazon Linux 2', { 'etc/system-release': 'Amazon Linux release 2 (Karoo)\n' }, 'amazon', '2', 'rhel'],
  ['Amazon by os-release', { 'etc/os-release': 'ID="amzn"\nVERSION_ID="2023"\n' }, 'amazon', '2023', 'rhel'],
  ['Alpine', { 'etc/alpine-release': '3.19.1\n', 'etc/os-release': 'ID=alpine\n' }, 'alpine', '3.19.1', 'alpine'],
  [
    'Arch',
    { 'etc/arch-release': '', 'etc/lsb-release': 'DISTRIB_ID="Arch"\nDISTRIB_RELEASE="rolling"\n' },
    'arch',
    'rolling',
    'arch',
  ],
  [
    'SLES by the version that people read',
    { 'etc/os-release': 'ID="sles"\nVERSION="15-SP5"\nVERSION_ID="15.5"\n' },
    'sles',
    '15-SP5',
    'suse',
  ],
  ['openSUSE Leap', { 'etc/os-release': 'ID="opensuse-leap"\nVERSION_ID="15.5"\n' }, 'opensuse-leap', '15.5', 'suse'],
  [
    'SLES 11',
    { 'etc/SuSE-release': 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n' },
    'suse',
    '11.4',
    'suse',
  ],
  ['Gentoo', { 'etc/gentoo-release': 'Gentoo Base System release 2.14\n' }, 'gentoo', '2.14', 'gentoo'],
  ['Slackware', { 'etc/slackware-version': 'Slackware 15.0\n' }, 'slackware', '15.0', 'slackware'],
  [
    'a distribution that only usr/lib knows',
    { 'usr/lib/os-release': "ID='nixos'\nVERSION_ID='23.11'\n" },
    'nixos',
    '23.11',
    '',
  ],
  [
    'a distribution with nothing but LSB',
    { 'etc/lsb-release': 'DISTRIB_ID=Kali\nDISTRIB_RELEASE=2024.1\n' },
    'kali',
    '2024.1',
    'debian',
  ],
  ['a machine without any sign', {}, '', '', ''],
  ['garbage', { 'etc/os-release': '\0\u0001=\n===\nID' }, '', '', ''],
])('%s is recognised', async (_what, tree, name, version, family) => {
  expect(await readLinuxPlatform(await fixtureRoot(tree))).toEqual({ name, version, family })
})
