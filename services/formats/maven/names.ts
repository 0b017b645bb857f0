import { type DigestKind, digestKinds } from '../../domain/digests.ts';
import { badRequest } from '../../domain/errors.ts';

/**
 * What a path of the Maven repository layout leads to. `name` is the path of the directory above the versions, or of a
 * group: `com/example/app` is artifact `app` of group `com.example`, or group `com.example.app`, or both.
 */
export type Address = {
  readonly name: string;
  /** The digest asked for, when it is not the file itself. */
  readonly checksum: DigestKind | undefined;
} & (
  | { readonly kind: 'file'; readonly version: string; readonly fileName: string }
  | { readonly kind: 'snapshot-metadata'; readonly version: string }
  | { readonly kind: 'metadata' }
  /** What clients put beside metadata, such as a signature of it, which is not kept. */
  | { readonly kind: 'beside-metadata' }
);

const METADATA = 'maven-metadata.xml';
const SEGMENT = /^[\w.+~@-]{1,255}$/;
const MAX_NAME = 512;
const MAX_VERSION = 128;
const CHECKSUM = new RegExp(`\\.(?<checksum>${digestKinds.join('|')})$`);

/** What a decoded path leads to; undefined when nothing of the layout can be there. */
export function addressOf(path: string): Address | undefined {
  const segments = path.replace(/^\//, '').split('/');
  if (!segments.every((segment) => SEGMENT.test(segment) && !/^\.+$/.test(segment))) return undefined;
  const last = segments.pop() ?? '';
  const checksum = CHECKSUM.exec(last)?.groups?.checksum as DigestKind | undefined;
  const fileName = checksum ? last.slice(0, -checksum.length - 1) : last;
  const version = segments.at(-1) ?? '';
  const above = segments.slice(0, -1).join('/');
  const versioned = segments.length >= 3 && version.length <= MAX_VERSION && above.length <= MAX_NAME;
  const ofMetadata = fileName === METADATA;
  if (ofMetadata && versioned && isSnapshot(version)) {
    return { kind: 'snapshot-metadata', name: above, version, checksum };
  }
  if (ofMetadata || fileName.startsWith(`${METADATA}.`)) {
    const name = segments.join('/');
    if (name === '' || name.length > MAX_NAME) return undefined;
    return { kind: ofMetadata ? 'metadata' : 'beside-metadata', name, checksum };
  }
  return versioned ? { kind: 'file', name: above, version, fileName, checksum } : undefined;
}

/** The address of something to be published. @throws RegistryError `invalidRequest` when nothing can be there. */
export function publishAddress(path: string): Address {
  const address = addressOf(path);
  if (address) return address;
  throw badRequest(
    'The path is not one of a Maven repository: use <group as path>/<artifact>/<version>/<file>, in letters, digits, ' +
      '".", "_", "+", "-", "~" and "@"',
  );
}

/** Whether a version is one of which new builds replace old ones. */
export function isSnapshot(version: string): boolean {
  return version.endsWith('SNAPSHOT');
}

/** The coordinates of an artifact, from the path above its versions. */
export function coordinatesOf(name: string): { readonly groupPath: string; readonly artifactId: string } {
  const slash = name.lastIndexOf('/');
  return { groupPath: name.slice(0, Math.max(slash, 0)), artifactId: name.slice(slash + 1) };
}

/** A group id, from its path. */
export function groupIdOf(groupPath: string): string {
  return groupPath.replaceAll('/', '.');
}

/** One deployment of a snapshot, as the names of its files tell: `20260131.120000` and `3`. */
export interface Build {
  readonly timestamp: string;
  readonly number: number;
}

/** What the name of an artifact's file tells of it. */
export interface FileParts {
  /** Absent for releases, and for snapshots whose files keep their names. */
  readonly build: Build | undefined;
  /** The version as it stands in the file's name. */
  readonly value: string;
  /** Empty for the main artifact. */
  readonly classifier: string;
  readonly extension: string;
}

const BUILD = /^(?<timestamp>\d{8}\.\d{6})-(?<number>\d{1,9})(?=[-.])/;
const SIGNATURE = /(?:\.asc|\.sig|\.sigstore|\.sigstore\.json|\.minisig)$/;
const EXTENSION = /\.(?:(?:tar|cpio)\.\w+|[^.]+)$/;

/**
 * The parts of `<artifact>-<version>[-<classifier>].<extension>`; undefined for files that are called otherwise. The
 * layout does not say where a classifier with dots ends: the extension is what follows the last dot, together with
 * `tar.` before it and the ending of a signature after it.
 */
export function filePartsOf(artifactId: string, version: string, fileName: string): FileParts | undefined {
  const base = version.slice(0, -'SNAPSHOT'.length);
  const start = `${artifactId}-${isSnapshot(version) ? base : version}`;
  if (!fileName.startsWith(start)) return undefined;
  let rest = fileName.slice(start.length);
  let build: Build | undefined;
  let value = version;
  if (isSnapshot(version)) {
    const found = BUILD.exec(rest);
    if (found?.groups) {
      build = { timestamp: found.groups.timestamp ?? '', number: Number(found.groups.number) };
      value = base + found[0];
      rest = rest.slice(found[0].length);
    } else if (rest.startsWith('SNAPSHOT')) rest = rest.slice('SNAPSHOT'.length);
    else return undefined;
  }
  const signature = SIGNATURE.exec(rest)?.[0] ?? '';
  const signed = rest.slice(0, rest.length - signature.length);
  const ending = EXTENSION.exec(signed)?.[0] ?? '';
  const classifier = signed.slice(0, signed.length - ending.length);
  if (ending === '' || !/^(?:-.+)?$/.test(classifier)) return undefined;
  return { build, value, classifier: classifier.slice(1), extension: (ending + signature).slice(1) };
}

const types: readonly (readonly [RegExp, string])[] = [
  [/\.(?:jar|war|ear|aar)$/, 'application/java-archive'],
  [/\.(?:pom|xml)$/, 'text/xml'],
  [/\.(?:module|json)$/, 'application/json'],
  [/\.(?:asc|txt|toml)$/, 'text/plain'],
  [/\.zip$/, 'application/zip'],
  [/\.t?gz$/, 'application/gzip'],
];

/** The content type of a file, by its name. */
export function contentTypeOf(fileName: string): string {
  return types.find(([pattern]) => pattern.test(fileName))?.[1] ?? 'application/octet-stream';
}
