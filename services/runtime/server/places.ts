/** Where blobs can be: in a directory, or in a bucket. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';

/** The data directory of the server, or another directory of this machine. */
export interface LocalPlace {
  readonly kind: 'local';
  /** Absolute; undefined for the data directory. */
  readonly directory?: string | undefined;
}

/** A bucket of any S3-compatible store, or the part of it under a prefix. */
export interface S3Place {
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
  /** The key for `aws:kms`, when it is not the one AWS keeps for S3. */
  readonly kmsKey?: string | undefined;
}

/** A place of blobs. */
export type Place = LocalPlace | S3Place;

/** How a bucket can be asked to encrypt: with keys of its own, or with a key of AWS KMS. */
export const encryptions = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const;

/** See `encryptions`. */
export type Encryption = (typeof encryptions)[number];

/** How places are written, for usage texts and errors. */
export const placeSyntax = 'local, file:///<directory>, or s3://<bucket>[/<prefix>][?<option>=<value>&...]';

const options = ['endpoint', 'region', 'path-style', 'profile', 'encryption', 'kms-key'] as const;

/** Reads a place as people write it. Throws with a message that says what is wrong, and repeats no option's value. */
export function parsePlace(text: string): Place {
  if (text === 'local') return { kind: 'local' };
  if (text.startsWith('file:///')) return { kind: 'local', directory: directoryOf(text) };
  const match = /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9.-]{2,62})(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/.exec(
    text,
  );
  const { bucket, path = '', query = '' } = match?.groups ?? {};
  if (bucket === undefined) throw new TypeError(`this is no place: write ${placeSyntax}`);
  const given = readOptions(query);
  const pathStyle = given.get('path-style') ?? 'false';
  if (!['true', 'false'].includes(pathStyle)) throw new TypeError('path-style is true or false');
  return {
    kind: 's3',
    bucket,
    prefix: normalPrefix(path),
    region: given.get('region') ?? undefined,
    endpoint: optional(given.get('endpoint'), storeAddress),
    pathStyle: pathStyle === 'true',
    profile: given.get('profile') ?? undefined,
    encryption: optional(given.get('encryption'), encryptionOf),
    kmsKey: given.get('kms-key') ?? undefined,
  };
}

function readOptions(query: string): URLSearchParams {
  const given = new URLSearchParams(query);
  const unknown = [...given.keys()].find((name) => !(options as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${unknown} is no option of a place; there are ${options.join(', ')}`);
  }
  for (const [name, value] of given) if (value === '') throw new TypeError(`${name} needs a value`);
  return given;
}

function optional<T>(text: string | null, read: (text: string) => T): T | undefined {
  return text === null ? undefined : read(text);
}

function directoryOf(text: string): string {
  try {
    return fileURLToPath(text).replace(/(?<=.)\/+$/, '');
  } catch (cause) {
    throw new TypeError('this is no directory: write file:///<directory>', { cause });
  }
}

function encryptionOf(text: string): Encryption {
  const known = encryptions.find((each) => each === text);
  if (!known) throw new TypeError(`encryption is one of ${encryptions.join(', ')}`);
  return known;
}

/** The address of a store, as it is given; throws when it is none, or holds credentials, which would be shown. */
export function storeAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new TypeError('an endpoint is an http or https URL');
  if (url.username || url.password) {
    throw new TypeError('an endpoint holds no credentials: they come from a profile or the environment');
  }
  return text;
}

/** A prefix as it is put in front of keys: without a slash at the start, with one at the end. */
export function normalPrefix(text: string): string {
  const parts = text.split('/').filter((part) => part !== '');
  if (!parts.every((part) => /^[A-Za-z0-9!_.*'()-]{1,200}$/.test(part))) {
    throw new TypeError(`${text} is no prefix: it has letters, digits, and "!_.*'()-" between slashes`);
  }
  if (parts[0] === 'blobs') {
    throw new TypeError('a prefix does not start with blobs/, as keys do without one');
  }
  return parts.map((part) => `${part}/`).join('');
}

/**
 * The name of a place: what tells it from all others, however it is reached. The names of AWS's buckets are unique;
 * those of other stores are only so in their store, whose endpoint belongs to the name. A place itself, for `parsePlace`.
 */
export function placeName(place: Place): string {
  if (place.kind === 'local') {
    return place.directory === undefined ? 'local' : pathToFileURL(place.directory).href;
  }
  const parts = [place.bucket, ...place.prefix.split('/')].filter((part) => part !== '');
  const store = place.endpoint === undefined ? undefined : storeName(place.endpoint);
  return `s3://${parts.join('/')}${store === undefined ? '' : `?endpoint=${store}`}`;
}

/** One way to write the endpoint of a store; undefined for AWS, which has many endpoints for the same buckets. */
function storeName(endpoint: string): string | undefined {
  const { hostname, origin, pathname } = new URL(endpoint);
  if (/\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/.test(hostname)) return undefined;
  return origin + pathname.replace(/\/+$/, '').replaceAll(/[%&+#]/g, encodeURIComponent);
}

function quoted(text: string): string {
  return /^[\w/.:@+-]+$/.test(text) ? text : `'${text}'`;
}

/** The flags that make a place the store of a server; none for the data directory. */
export function placeFlags(place: Place): string {
  if (place.kind === 'local') return place.directory ? `--blob-dir ${quoted(place.directory)}` : '';
  const flags = {
    bucket: place.bucket,
    's3-prefix': place.prefix,
    's3-endpoint': place.endpoint,
    's3-path-style': place.pathStyle ? 'true' : undefined,
    's3-profile': place.profile,
    's3-encryption': place.encryption,
    's3-kms-key': place.kmsKey,
    region: place.region,
  };
  return Object.entries(flags)
    .flatMap(([name, value]) => (value ? [`--${name} ${value}`] : []))
    .join(' ');
}

/**
 * How a server is started whose blobs are in these places: its flags, or those it goes without. Names do not hold what
 * a store needs beside its address.
 */
export function startWith({ place, from }: StorageHome): string {
  const { flags, more } = flagsOf(place);
  const store = flags === '' ? 'without --bucket and --blob-dir' : `with ${flags}`;
  if (from === undefined) return store + more;
  return `${store}${flags === '' ? ', with' : ''} --migrate-from ${quoted(from)}${more}`;
}

function flagsOf(name: string): { readonly flags: string; readonly more: string } {
  try {
    const place = parsePlace(name);
    const other = place.kind === 's3' && place.endpoint !== undefined;
    return { flags: placeFlags(place), more: other ? ' (and its path style, region and profile)' : '' };
  } catch {
    return { flags: `${name} as the store`, more: '' };
  }
}
