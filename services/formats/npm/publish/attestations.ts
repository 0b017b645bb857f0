import type { Sha512 } from '../../../domain/digests.ts';
import { badRequest, invalidPackage } from '../../../domain/errors.ts';
import { type FileName, parseFileName, required } from '../../../domain/names.ts';
import { parseJson } from '../../../shared/json/parse-json.ts';
import type { Attestation } from '../schema.ts';
import { SigstoreBundle, Statement } from '../schema.ts';

/** An attachment of a publish request that is stored in addition to the tarball. */
export interface KeptAttachment {
  readonly attestation: Attestation;
  /** The attachment's name in the request. */
  readonly source: string;
  readonly text: string;
}

/** The required subject of a bundle: the version's package URL, and its tarball's SHA-512 in hex. */
export interface Subject {
  readonly purl: string;
  readonly sha512: Sha512;
}

/** The most attachments per version, the tarball aside. */
const MAX_ATTACHMENTS = 8;

/** The most values in a bundle, and in the statement in it; those of npm have about two hundred. */
const LIMITS = { values: 10_000 };

/**
 * Checks the attestations in a publish request: Sigstore bundles, which npm sends as plain text. Clients verify the
 * signatures; this checks that the bundles are about these bytes.
 */
export function keptAttachments(others: ReadonlyMap<string, string>, subject: Subject): KeptAttachment[] {
  if (others.size > MAX_ATTACHMENTS) throw badRequest(`At most ${MAX_ATTACHMENTS} attachments are allowed`);
  const names = new Set([...others.keys()].map(baseName));
  if (names.size < others.size) throw badRequest('Two attachments have the same name');
  return [...others].map(([fileName, text]) => {
    if (!/^[\w.@/+-]{1,300}\.sigstore$/.test(fileName)) {
      throw badRequest(`The attachment "${fileName.slice(0, 100)}" is neither a .tgz nor a .sigstore file`);
    }
    const statement = statementOf(fileName, text);
    const [about, ...more] = statement.subject;
    if (more.length > 0 || about?.name !== subject.purl || about.digest.sha512 !== subject.sha512) {
      throw invalidPackage(`${fileName} does not attest ${subject.purl} with the SHA-512 of the tarball`);
    }
    return {
      text,
      source: fileName,
      attestation: { predicateType: statement.predicateType, fileName: baseName(fileName) },
    };
  });
}

/** The package URL of a version: https://github.com/package-url/purl-spec. */
export function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}

function statementOf(fileName: string, text: string): Statement {
  try {
    const { dsseEnvelope } = SigstoreBundle.parse(parseJson(text, LIMITS));
    return Statement.parse(parseJson(Buffer.from(dsseEnvelope.payload, 'base64').toString(), LIMITS));
  } catch (error) {
    throw invalidPackage(`${fileName} is not a Sigstore bundle with an in-toto statement`, error);
  }
}

/** A file name without the scope that npm puts before it. */
function baseName(fileName: string): FileName {
  return required('fileName', parseFileName(fileName.slice(fileName.lastIndexOf('/') + 1)));
}
