/** Where blobs can be: in the data directory, or in a bucket. */

/** The data directory of the server. */
export interface LocalPlace {
  readonly kind: 'local';
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
}

/** A place of blobs. */
export type Place = LocalPlace | S3Place;

/** How places are written, for usage texts and errors. */
export const placeSyntax = 'local, or s3://<bucket>[/<prefix>][?endpoint=&region=&path-style=&profile=]';

const options = ['endpoint', 'region', 'path-style', 'profile'];

/** Reads a place as people write it. Throws with a message that says what is wrong. */
export function parsePlace(text: string): Place {
  if (text === 'local') return { kind: 'local' };
  const match = /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9.-]{2,62})(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/.exec(
    text,
  );
  const { bucket, path = '', query = '' } = match?.groups ?? {};
  if (bucket === undefined) throw new TypeError(`${text} is no place: write ${placeSyntax}`);
  const given = new URLSearchParams(query);
  const unknown = [...given.keys()].find((name) => !options.includes(name));
  if (unknown !== undefined) throw new TypeError(`${unknown} is no option of a place: write ${placeSyntax}`);
  const endpoint = given.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
    throw new TypeError(`the endpoint ${endpoint} is no http or https URL`);
  }
  const pathStyle = given.get('path-style') ?? 'false';
  if (!['true', 'false'].includes(pathStyle)) throw new TypeError('path-style is true or false');
  return {
    kind: 's3',
    bucket,
    prefix: normalPrefix(path),
    region: given.get('region') ?? undefined,
    endpoint,
    pathStyle: pathStyle === 'true',
    profile: given.get('profile') ?? undefined,
  };
}

/** A prefix as it is put in front of keys: without a slash at the start, with one at the end. */
export function normalPrefix(text: string): string {
  const parts = text.split('/').filter((part) => part !== '');
  if (!parts.every((part) => /^[A-Za-z0-9!_.*'()-]{1,200}$/.test(part))) {
    throw new TypeError(`${text} is no prefix: it has letters, digits, and "!_.*'()-" between slashes`);
  }
  if (parts[0] === 'blobs')
    throw new TypeError('a prefix does not start with blobs/, as keys do without one');
  return parts.map((part) => `${part}/`).join('');
}

/** The name of a place: what it is known by wherever its address changes. */
export function placeName(place: Place): string {
  if (place.kind === 'local') return 'local';
  return `s3://${[place.bucket, ...place.prefix.split('/')].filter((part) => part !== '').join('/')}`;
}

/** A place as `parsePlace` reads it. */
export function writePlace(place: Place): string {
  if (place.kind === 'local') return 'local';
  const given = {
    endpoint: place.endpoint,
    region: place.region,
    'path-style': place.pathStyle ? 'true' : undefined,
    profile: place.profile,
  };
  const query = Object.entries(given).flatMap(([name, value]) => (value ? [`${name}=${value}`] : []));
  return placeName(place) + (query.length > 0 ? `?${query.join('&')}` : '');
}

/** The flags that make a place the store of a server. */
export function placeFlags(place: Place): string {
  if (place.kind === 'local') return 'no --bucket';
  const flags = {
    bucket: place.bucket,
    's3-prefix': place.prefix,
    's3-endpoint': place.endpoint,
    's3-path-style': place.pathStyle ? 'true' : undefined,
    region: place.region,
  };
  return Object.entries(flags)
    .flatMap(([name, value]) => (value ? [`--${name} ${value}`] : []))
    .join(' ');
}
