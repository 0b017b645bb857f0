import { describe, expect, test } from 'vitest';
import { digestsOf } from '../../../../services/domain/digests.ts';
import { provenanceOf } from '../../../../services/formats/pypi/publish/attestations.ts';
import { attestationOf } from '../../../kit/python-package.ts';

const { sha256 } = digestsOf('the file');
const subject = { fileName: 'my_pkg-1.0.tar.gz', sha256 };
const good = attestationOf(subject.fileName, sha256);

describe('attestations', () => {
  test('are put unchanged into a provenance object', () => {
    const provenance = JSON.parse(provenanceOf(JSON.stringify([good, good]), subject, 'root'));
    expect(provenance).toEqual({
      version: 1,
      attestation_bundles: [{ publisher: { kind: 'Packhouse', user: 'root' }, attestations: [good, good] }],
    });
  });

  test('can use another spelling of the file name', () => {
    const other = attestationOf('My.Pkg-1.0.tar.gz', sha256.toUpperCase());
    expect(() => provenanceOf(JSON.stringify([other]), subject, 'root')).not.toThrow();
  });

  test.each<[string, unknown]>([
    ['attestations: ', {}],
    ['attestations: ', []],
    ['attestations: ', Array.from({ length: 9 }, () => good)],
    ['attestations.0: ', ['x']],
    ['attestations.0.version: ', [{ ...good, version: 2 }]],
    ['attestations.0.verification_material: ', [{ ...good, verification_material: undefined }]],
    [
      'attestations.0.verification_material.transparency_entries: ',
      [{ ...good, verification_material: { ...good.verification_material, transparency_entries: [] } }],
    ],
    [
      'attestations.0.verification_material.certificate: ',
      [{ ...good, verification_material: { ...good.verification_material, certificate: '<b>' } }],
    ],
    ['attestations.0.envelope.signature: ', [{ ...good, envelope: { ...good.envelope, signature: '' } }]],
    ['the statement is not valid JSON', [{ ...good, envelope: { ...good.envelope, statement: 'AAAA' } }]],
    ['the statement._type: ', [attestationOf(subject.fileName, sha256, { _type: 'other' })]],
    ['the statement.subject: ', [attestationOf(subject.fileName, sha256, { subject: [] })]],
    [
      'the statement.predicateType: ',
      [attestationOf(subject.fileName, sha256, { predicateType: undefined })],
    ],
    [
      `is about my_pkg-1.0.tar.gz with SHA-256 ${'b'.repeat(64)}, not about my_pkg-1.0.tar.gz with ${sha256}`,
      [good, attestationOf(subject.fileName, 'b'.repeat(64))],
    ],
    ['is about my_pkg-1.1.tar.gz with', [attestationOf('my_pkg-1.1.tar.gz', sha256)]],
    ['is about no file with', [attestationOf('no file', sha256)]],
  ])('are refused: %s', (message, attestations) => {
    const text = JSON.stringify(attestations);
    expect(() => provenanceOf(text, subject, 'root')).toThrow(message);
    expect(() => provenanceOf(text, subject, 'root')).toThrow('Invalid attestations: ');
  });

  test('are refused when they are nested too deeply', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const text = JSON.stringify([{ ...good, more: 'deep' }]).replace('"deep"', deep);
    expect(() => provenanceOf(text, subject, 'root')).toThrow(
      'Invalid attestations: in attestations, the document is nested more than 64 levels deep',
    );
  });

  test('are counted before they are parsed', () => {
    // Not valid JSON as a whole, which is not found out.
    const text = `[${'{},'.repeat(200_000)}`;
    expect(() => provenanceOf(text, subject, 'root')).toThrow(
      'Invalid attestations: in attestations, the document has more than 10000 values',
    );
  });

  test.each(['', 'nonsense', '[', `${'['.repeat(50_000)}`])('are refused when they are not JSON', (text) => {
    expect(() => provenanceOf(text, subject, 'root')).toThrow(/is not valid JSON|attestations/);
  });
});
