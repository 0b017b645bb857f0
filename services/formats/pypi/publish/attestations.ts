import * as z from 'zod';
import { parseSha256, type Sha256 } from '../../../domain/digests.ts';
import { invalidPackage } from '../../../domain/errors.ts';
import { parseJson } from '../../../shared/json/parse-json.ts';
import { UnreadableJson } from '../../../shared/json/unreadable-json.ts';
import { readFileName } from '../file-names.ts';
import { Attestation, Statement } from '../schema.ts';

/** The file that attestations must be about. */
export interface Subject {
  readonly fileName: string;
  readonly sha256: Sha256;
}

/** The most values in the field, and in a statement; an attestation has about a hundred. */
const LIMITS = { values: 10_000 };

/** Attestations per file: enough for one of each existing kind, with some to spare. */
const MAX_ATTESTATIONS = 8;

/** The content type of a provenance object. */
export const PROVENANCE_TYPE = 'application/vnd.pypi.integrity.v1+json';

/**
 * Makes the provenance object (PEP 740) of a file from the uploaded attestations. Clients verify the signatures;
 * this checks that the attestations are about these bytes.
 * @param text the `attestations` field of the form
 * @param publisher the name of the uploading user or token
 * @throws RegistryError `invalidPackage`
 */
export function provenanceOf(text: string, subject: Subject, publisher: string): string {
  const attestations = parse(text);
  for (const attestation of attestations) checkSubject(attestation, subject);
  const bundle = { publisher: { kind: 'Packhouse', user: publisher }, attestations };
  return JSON.stringify({ version: 1, attestation_bundles: [bundle] });
}

function parse(text: string): readonly Attestation[] {
  const result = z.array(Attestation).min(1).max(MAX_ATTESTATIONS).safeParse(jsonOf(text, 'attestations'));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${['attestations', ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
}

function checkSubject({ envelope }: Attestation, { fileName, sha256 }: Subject): void {
  const payload = Buffer.from(envelope.statement, 'base64').toString();
  const result = Statement.safeParse(jsonOf(payload, 'the statement'));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(`${['the statement', ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
  }
  const [about] = result.data.subject;
  const same = readFileName(about.name)?.identity === readFileName(fileName)?.identity;
  if (!same || parseSha256(about.digest.sha256) !== sha256) {
    throw invalid(
      `an attestation is about ${about.name.slice(0, 300)} with SHA-256 ${about.digest.sha256.slice(0, 64)}, ` +
        `not about ${fileName} with ${sha256}`,
    );
  }
}

function jsonOf(text: string, what: string): unknown {
  try {
    return parseJson(text, LIMITS);
  } catch (error) {
    const malformed = !(error instanceof UnreadableJson) || error.problem === 'malformed';
    throw invalid(malformed ? `${what} is not valid JSON` : `in ${what}, ${error.message}`);
  }
}

function invalid(reason: string) {
  return invalidPackage(`Invalid attestations: ${reason}`);
}
