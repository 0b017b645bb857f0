/** Where blobs can be stored: in a directory, or in a bucket. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';

/** The data directory of the server, or another local directory. */
export interface LocalLocation {
  readonly kind: 'local';
  /** Absolute; undefined for the data directory. */
  readonly directory?: string | undefined;
}

/** A bucket in S3 or any compatible store, or the part of it under a prefix. */
export interface S3Location {
  readonly kind: 's3';
  readonly bucket: string;
  /** Empty, or ending in `/`. */
  readonly prefix: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly pathStyle: boolean;
  /** The profile of the AWS configuration files whose credentials are used. */
  readonly profile?: string | undefined;
  readonly encryption?: Encryption | undefined;
  /** The KMS key for `aws:kms`, if it is not the AWS managed key for S3. */
  readonly kmsKey?: string | undefined;
}

/** A storage location of blobs. */
export type StorageLocation = LocalLocation | S3Location;

/** The server-side encryption of a bucket: with keys managed by S3, or with a KMS key. */
export const encryptions = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const;

/** See `encryptions`. */
export type Encryption = (typeof encryptions)[number];

/** The syntax of storage locations, for usage texts and errors. */
export const locationSyntax =
  'local, file:///<directory>, or s3://<bucket>[/<prefix>][?<option>=<value>&...]';

const options = ['endpoint', 'region', 'path-style', 'profile', 'encryption', 'kms-key'] as const;

/**
 * Parses a storage location.
 * @throws TypeError with a message that says what is wrong, without repeating the values of options
 */
export function parseLocation(text: string): StorageLocation {
  if (text === 'local') return { kind: 'local' };
  if (text.startsWith('file:///')) return { kind: 'local', directory: directoryOf(text) };
  const match = /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9.-]{2,62})(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/.exec(
    text,
  );
  const { bucket, path = '', query = '' } = match?.groups ?? {};
  if (bucket === undefined) throw new TypeError(`invalid storage location: use ${locationSyntax}`);
  const parameters = readOptions(query);
  const pathStyle = parameters.get('path-style') ?? 'false';
  if (!['true', 'false'].includes(pathStyle)) throw new TypeError('path-style must be true or false');
  return {
    kind: 's3',
    bucket,
    prefix: normalPrefix(path),
    region: parameters.get('region') ?? undefined,
    endpoint: optional(parameters.get('endpoint'), storeAddress),
    pathStyle: pathStyle === 'true',
    profile: parameters.get('profile') ?? undefined,
    encryption: optional(parameters.get('encryption'), encryptionOf),
    kmsKey: parameters.get('kms-key') ?? undefined,
  };
}

function readOptions(query: string): URLSearchParams {
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((name) => !(options as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`unknown option ${unknown}; the options are ${options.join(', ')}`);
  }
  for (const [name, value] of parameters) if (value === '') throw new TypeError(`${name} needs a value`);
  return parameters;
}

function optional<T>(text: string | null, read: (text: string) => T): T | undefined {
  return text === null ? undefined : read(text);
}

function directoryOf(text: string): string {
  try {
    return fileURLToPath(text).replace(/(?<=.)\/+$/, '');
  } catch (cause) {
    throw new TypeError('invalid directory: use file:///<directory>', { cause });
  }
}

function encryptionOf(text: string): Encryption {
  const encryption = encryptions.find((each) => each === text);
  if (!encryption) throw new TypeError(`encryption must be one of ${encryptions.join(', ')}`);
  return encryption;
}

/**
 * Checks the endpoint of a store and returns it unchanged.
 * @throws TypeError when it is not an HTTP URL, or contains credentials, which would be displayed
 */
export function storeAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new TypeError('an endpoint must be an http or https URL');
  if (url.username || url.password) {
    throw new TypeError(
      'an endpoint must not contain credentials: they come from a profile or the environment',
    );
  }
  return text;
}

/**
 * Normalizes a key prefix: no slash at the start, one at the end.
 * @throws TypeError when it is invalid
 */
export function normalPrefix(text: string): string {
  const parts = text.split('/').filter((part) => part !== '');
  if (!parts.every((part) => /^[A-Za-z0-9!_.*'()-]{1,200}$/.test(part))) {
    throw new TypeError(`invalid prefix ${text}: use letters, digits and "!_.*'()-" between slashes`);
  }
  if (parts[0] === 'blobs') {
    throw new TypeError('a prefix must not start with blobs/, which keys without a prefix start with');
  }
  return parts.map((part) => `${part}/`).join('');
}

/**
 * The canonical name of a storage location, which identifies it regardless of how it is reached. Names of AWS
 * buckets are unique; those of other stores are unique within their endpoint, which is therefore part of the name.
 * `parseLocation` accepts it.
 */
export function locationName(location: StorageLocation): string {
  if (location.kind === 'local') {
    return location.directory === undefined ? 'local' : pathToFileURL(location.directory).href;
  }
  const parts = [location.bucket, ...location.prefix.split('/')].filter((part) => part !== '');
  const store = location.endpoint === undefined ? undefined : storeName(location.endpoint);
  return `s3://${parts.join('/')}${store === undefined ? '' : `?endpoint=${store}`}`;
}

/** A canonical form of the store's endpoint. Undefined for AWS, which has many endpoints for the same buckets. */
function storeName(endpoint: string): string | undefined {
  const { hostname, origin, pathname } = new URL(endpoint);
  if (/\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/.test(hostname)) return undefined;
  return origin + pathname.replace(/\/+$/, '').replaceAll(/[%&+#]/g, encodeURIComponent);
}

function quoted(text: string): string {
  return /^[\w/.:@+-]+$/.test(text) ? text : `'${text}'`;
}

/** The flags that make a server use a storage location; empty for the data directory. */
export function locationFlags(location: StorageLocation): string {
  if (location.kind === 'local') return location.directory ? `--blob-dir ${quoted(location.directory)}` : '';
  const flags = {
    bucket: location.bucket,
    's3-prefix': location.prefix,
    's3-endpoint': location.endpoint,
    's3-path-style': location.pathStyle ? 'true' : undefined,
    's3-profile': location.profile,
    's3-encryption': location.encryption,
    's3-kms-key': location.kmsKey,
    region: location.region,
  };
  return Object.entries(flags)
    .flatMap(([name, value]) => (value ? [`--${name} ${value}`] : []))
    .join(' ');
}

/**
 * How to start a server with these storage locations: the flags it needs, or those it must not have. Names do not
 * include everything a store needs besides its endpoint.
 */
export function startWith({ location, from }: StorageHome): string {
  const { flags, more } = flagsOf(location);
  const store = flags === '' ? 'without --bucket and --blob-dir' : `with ${flags}`;
  if (from === undefined) return store + more;
  return `${store}${flags === '' ? ', with' : ''} --migrate-from ${quoted(from)}${more}`;
}

function flagsOf(name: string): { readonly flags: string; readonly more: string } {
  try {
    const location = parseLocation(name);
    const compatible = location.kind === 's3' && location.endpoint !== undefined;
    return {
      flags: locationFlags(location),
      more: compatible ? ' (and its path style, region and profile)' : '',
    };
  } catch {
    return { flags: `${name} as the store`, more: '' };
  }
}
