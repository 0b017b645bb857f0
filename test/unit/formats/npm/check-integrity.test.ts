import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { digestsOf } from '../../../../services/domain/digests.ts';
import type { StagedBlob } from '../../../../services/domain/packages.ts';
import { checkIntegrity } from '../../../../services/formats/npm/publish/check-integrity.ts';
import { SentManifest } from '../../../../services/formats/npm/schema.ts';

const digest = (algorithm: string, encoding: 'hex' | 'base64') =>
  createHash(algorithm).update('bytes').digest(encoding);
const blob: StagedBlob = {
  storageKey: 'key',
  size: 5,
  digests: digestsOf('bytes'),
};
const check = (integrity: string) => checkIntegrity({ integrity }, undefined, blob);
const sha1 = `sha1-${digest('sha1', 'base64')}`;
const sha512 = `sha512-${digest('sha512', 'base64')}`;

describe('the integrity of a tarball', () => {
  test.each([
    ['no hash', ''],
    ['one hash', sha512],
    ['several hashes with options and white space', ` ${sha1}?a=b\t\n${sha512}??c  `],
    ['two hashes of one algorithm, one of which matches', `sha512-AAAA ${sha512}`],
    ['unknown algorithms', 'sha3-AAAA constructor-AAAA __proto__-AAAA -AAAA sha512- sha512'],
  ])('is accepted with %s', (_case, integrity) => {
    expect(() => check(integrity)).not.toThrow();
  });

  test.each([
    ['sha512-AAAA', 'sha512-AAAA'],
    [`${sha1} sha512-AAAA?x sha512-BBBB`, 'sha512-AAAA BBBB'],
  ])('is rejected: %s', (integrity, named) => {
    expect(() => check(integrity)).toThrow(`dist.integrity is ${named}`);
  });

  test.each(['integrity', 'shasum'])('is rejected before it is parsed if the %s is too long', (field) => {
    const sent = (length: number) => ({
      name: 'tool',
      version: '1.0.0',
      dist: { [field]: 'a-b '.repeat(length / 4) },
    });
    expect(SentManifest.safeParse(sent(1024)).success).toBe(true);
    expect(SentManifest.safeParse(sent(1028)).success).toBe(false);
  });
});
