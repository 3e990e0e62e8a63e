import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { StartError } from '@rport/host'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeFile, manifestFor, type PackedFile, pack } from './testing/pack.ts'
import { verifyArchive } from './verify-archive.ts'

let folder = ''
let archive = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rport-verify-'))
  archive = join(folder, 'a.tar.gz')
})
afterEach(() => rmSync(folder, { recursive: true }))

const seed: PackedFile = { name: 'data/key_seed', text: 'abc\n' }
const verify = async (...files: readonly PackedFile[]) => {
  await pack(archive, files)
  return verifyArchive(archive)
}

test('a whole archive says what it holds', async () => {
  const manifest = await verify(seed, manifestFor([seed]))
  expect(manifest.files).toMatchObject([{ path: 'key_seed', place: 'data', sizeBytes: 4 }])
})

test.each([
  ['a file is missing', () => [manifestFor([seed])], '"key_seed" is missing'],
  ['a file was changed', () => [{ ...seed, text: 'abd\n' }, manifestFor([seed])], '"key_seed" is not what was saved'],
  [
    'a file was added',
    () => [seed, { name: 'data/x', text: '' }, manifestFor([seed])],
    '"data/x" is not in its manifest',
  ],
  ['a file is there twice', () => [seed, seed, manifestFor([seed])], 'holds "data/key_seed" twice'],
  ['the manifest is missing', () => [seed], 'it has no manifest'],
  ['the manifest is not the end', () => [manifestFor([]), seed], 'something follows its manifest'],
  ['the manifest is no JSON', () => [{ name: 'manifest.json', text: '{' }], 'its manifest is no JSON'],
  ['the manifest says nothing', () => [{ name: 'manifest.json', text: '{}' }], 'no format and no version'],
  ['the manifest lacks a part', () => [manifestFor([], { leftOut: 1 })], 'nonsense at leftOut'],
])('it is refused when %s', async (_what, files, reason) => {
  await expect(verify(...files())).rejects.toThrow(reason)
})

test.each(['../x', '/etc/passwd', 'a/../../x', 'a//b', './a', 'C:/x', 'a\\..\\b', 'a\u001b[2Jb', ''])(
  'it is refused when a file would go to %j',
  async (path) => {
    const manifest = manifestFor([], { files: [describeFile(seed, path)] })
    await expect(verify(seed, manifest)).rejects.toThrow('leads out of its folder')
  },
)

test('two files for one path are refused', async () => {
  const other = { name: 'data/other', text: 'x' }
  const manifest = manifestFor([], { files: [describeFile(seed), describeFile(other, 'key_seed')] })
  await expect(verify(seed, other, manifest)).rejects.toThrow('"key_seed" is there twice')
})

test.each([
  ['by a newer version', { version: '999.0.0' }],
  ['in a newer form, whatever else it says', { format: 2, files: 'elsewhere' }],
])('an archive that was written %s is refused with the way out', async (_what, change) => {
  await expect(verify(manifestFor([], change))).rejects.toThrow(/install that version or a newer one, then restore/)
})

test.each([
  ['there is no file', () => undefined, 'cannot read the archive'],
  ['it is not compressed', () => writeFileSync(archive, 'x'.repeat(1000)), 'it cannot be unpacked'],
  ['it is empty', () => writeFileSync(archive, ''), 'it cannot be unpacked'],
  ['it is compressed noise', () => writeFileSync(archive, gzipSync('x'.repeat(1000))), 'no mark of a tar archive'],
])('it is refused when %s', async (_what, prepare, reason) => {
  prepare()
  const verifying = verifyArchive(archive)
  await expect(verifying).rejects.toThrow(reason)
  await expect(verifying).rejects.toBeInstanceOf(StartError)
})

test('every cut and every changed byte is noticed', async () => {
  await pack(archive, [seed, manifestFor([seed])])
  const whole = readFileSync(archive)
  for (let at = 12; at < whole.length; at += 23) {
    const broken = Buffer.from(whole)
    broken.writeUInt8((broken[at] ?? 0) ^ 0x55, at)
    writeFileSync(archive, broken)
    await expect(verifyArchive(archive)).rejects.toThrow(StartError)
    writeFileSync(archive, whole.subarray(0, at))
    await expect(verifyArchive(archive)).rejects.toThrow(StartError)
  }
})
