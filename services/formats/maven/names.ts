import { type DigestAlgorithm, digestAlgorithms } from '../../domain/digests.ts';
import { badRequest } from '../../domain/errors.ts';
import {
  type FileName,
  nameLimits,
  type PackageName,
  parseFileName,
  parsePackageName,
  parseVersionName,
  type VersionName,
} from '../../domain/names.ts';

/**
 * A parsed path of the Maven repository layout. `name` is the path of the directory above the versions, or of a
 * group: `com/example/app` is artifact `app` of group `com.example`, or group `com.example.app`, or both.
 */
export type Address = {
  readonly name: PackageName;
  /** The requested digest; undefined for the file itself. */
  readonly checksum: DigestAlgorithm | undefined;
  /** The algorithm of the checksum file whose digest `checksum` is: `sha512` for `a.jar.sha512.sha1`. */
  readonly checksumOf?: DigestAlgorithm;
} & (
  | { readonly kind: 'file'; readonly version: VersionName; readonly fileName: FileName }
  | { readonly kind: 'snapshot-metadata'; readonly version: VersionName }
  | { readonly kind: 'metadata' }
  /** A file next to metadata, such as its signature, or one of a client's own repository. It is not stored. */
  | { readonly kind: 'metadata-companion' }
);

const METADATA = 'maven-metadata.xml';

/** Files that Maven and Eclipse keep in local repositories, and that reach others when such a folder is copied. */
const LOCAL =
  /^(?:maven-metadata-.+\.(?:xml|properties)|_remote\.repositories|_maven\.repositories|resolver-status\.properties|m2e-lastUpdated\.properties|.+\.lastUpdated)$/;
const SEGMENT = /^[\w.+~@-]{1,255}$/;
const CHECKSUM = new RegExp(`\\.(?<checksum>${digestAlgorithms.join('|')})$`);

/** Parses a decoded path. Returns undefined if it does not fit the layout. */
export function addressOf(path: string): Address | undefined {
  const segments = path.replace(/^\//, '').split('/');
  const last = segments.pop() ?? '';
  const checksum = checksumIn(last);
  const described = checksum ? last.slice(0, -checksum.length - 1) : last;
  const checksumOf = checksum && checksumIn(described);
  const file = checksumOf ? described.slice(0, -checksumOf.length - 1) : described;
  if (![...segments, file].every((segment) => SEGMENT.test(segment) && !/^\.+$/.test(segment)))
    return undefined;
  const fileName = parseFileName(file);
  const version = parseVersionName(segments.at(-1) ?? '');
  const above = segments.length >= 3 ? parsePackageName(segments.slice(0, -1).join('/')) : undefined;
  const ofMetadata = fileName === METADATA;
  if (ofMetadata && above && version && isSnapshot(version)) {
    return { kind: 'snapshot-metadata', name: above, version, checksum, ...(checksumOf && { checksumOf }) };
  }
  if (ofMetadata || fileName?.startsWith(`${METADATA}.`) || LOCAL.test(fileName ?? '')) {
    const name = parsePackageName(segments.join('/'));
    const kind = ofMetadata ? 'metadata' : 'metadata-companion';
    return name && { kind, name, checksum, ...(checksumOf && { checksumOf }) };
  }
  if (!fileName || !above || !version) return undefined;
  return { kind: 'file', name: above, version, fileName, checksum, ...(checksumOf && { checksumOf }) };
}

function checksumIn(fileName: string): DigestAlgorithm | undefined {
  return CHECKSUM.exec(fileName)?.groups?.checksum as DigestAlgorithm | undefined;
}

/** Parses the path of a PUT request. @throws RegistryError `invalidRequest` if it does not fit the layout. */
export function publishAddress(path: string): Address {
  const address = addressOf(path);
  if (address) return address;
  throw badRequest(
    'The path does not fit the Maven repository layout: use <group as path>/<artifact>/<version>/<file>, ' +
      'with letters, digits, ".", "_", "+", "-", "~" and "@", at most 255 in a segment, ' +
      `${nameLimits.packageName} before the version and ${nameLimits.version} in it`,
  );
}

/** Whether new builds of a version replace older ones. */
export function isSnapshot(version: string): boolean {
  return version.endsWith('SNAPSHOT');
}

/** The coordinates of an artifact, from the path above its versions. */
export function coordinatesOf(name: string): { readonly groupPath: string; readonly artifactId: string } {
  const slash = name.lastIndexOf('/');
  return { groupPath: name.slice(0, Math.max(slash, 0)), artifactId: name.slice(slash + 1) };
}

/**
 * Converts a group id (`com.acme`), coordinates (`com.acme:app`) or a path (`com/acme/app`) to the spelling of names;
 * undefined if the result is neither a valid name nor a prefix of one.
 */
export function namePrefix(text: string): PackageName | undefined {
  const [groupId = '', artifactId, ...rest] = text.split(':');
  if (rest.length > 0) return undefined;
  const group = groupId.includes('/') ? groupId : groupId.replaceAll('.', '/');
  const prefix = artifactId === undefined ? group : `${group}/${artifactId}`;
  const isName = prefix.split('/').every((segment) => SEGMENT.test(segment) && !/^\.+$/.test(segment));
  return isName ? parsePackageName(prefix) : undefined;
}

/** Converts a group's path to its id. */
export function groupIdOf(groupPath: string): string {
  return groupPath.replaceAll('/', '.');
}

/** One deployment of a snapshot, by the names of its files: `20260131.120000` and `3`. */
export interface Build {
  readonly timestamp: string;
  readonly number: number;
}

/** The parts of an artifact's file name. */
export interface FileParts {
  /** Undefined for releases, and for snapshot files without a timestamp. */
  readonly build: Build | undefined;
  /** The version as written in the file name. */
  readonly value: string;
  /** Empty for the main artifact. */
  readonly classifier: string;
  readonly extension: string;
}

const BUILD = /^(?<timestamp>\d{8}\.\d{6})-(?<number>\d{1,9})(?=[-.])/;
const SIGNATURE = /(?:\.asc|\.sig|\.sigstore|\.sigstore\.json|\.minisig)$/;
const EXTENSION = /\.(?:(?:tar|cpio)\.\w+|[^.]+)$/;

/**
 * The parts of `<artifact>-<version>[-<classifier>].<extension>`; undefined for other file names. The layout does
 * not define where a classifier with dots ends: the extension follows the last dot, and includes a `tar.` before
 * it and a signature's ending after it.
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

/** The content type of a file, from its name. */
export function contentTypeOf(fileName: string): string {
  return types.find(([pattern]) => pattern.test(fileName))?.[1] ?? 'application/octet-stream';
}
