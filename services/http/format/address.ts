import { type EndpointLevel, type Mount, OWNER } from '../../catalog.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import { compileMounts } from './mount-tree.ts';

/**
 * The address of a request, parsed from its percent-encoded path. A project or group is named by its id or by its
 * full path, either encoded (`a%2Fb`) or, behind a gateway that decodes paths, with plain slashes. Both are
 * decoded once.
 */
export interface FormatAddress extends Endpoint {
  readonly format: string;
  /** The name of the mount's routes in the format's `moreRoutes`; undefined for `routes`. */
  readonly routes: string | undefined;
  /** The path after the mount, still encoded, with a leading slash and no trailing one. */
  readonly path: string;
  /** The path of the mount in canonical spelling: links in responses start with it. */
  readonly prefix: string;
  /** The path of the mount with `:id` for its owner, as it starts the templates of its routes. */
  readonly template: string;
}

/** The part of a format that addresses depend on. */
export interface Mounted {
  readonly id: string;
  readonly mounts: readonly Mount[];
}

/** Reads the address of a format's endpoint from a path; undefined when the path is outside all mounts. */
export type ReadAddress = (path: string) => FormatAddress | undefined;

/** What a matching mount stands for. */
interface MountTarget {
  readonly format: string;
  readonly level: EndpointLevel;
  readonly routes: string | undefined;
  /** The parts of the canonical path before and after the owner. */
  readonly canonical: readonly string[];
  readonly template: string;
}

/**
 * Compiles the mounts of the given formats into one function.
 * @throws Error when two formats have the same mount, or a mount is malformed
 */
export function addressReader(formats: readonly Mounted[]): ReadAddress {
  const find = compileMounts(
    formats.flatMap(({ id, mounts }) =>
      mounts.map((mount) => ({ path: mount.path, value: endpointAt(id, mounts, mount) })),
    ),
  );
  return (path) => {
    const found = find(path);
    if (!found) return undefined;
    const owner = decodeOnce(found.owner);
    if (owner === undefined) return undefined;
    const { format, level, routes, canonical, template } = found.value;
    const prefix = fill(canonical, owner);
    return { level, owner, format, routes, path: restOf(path, found.end), prefix, template };
  };
}

function endpointAt(format: string, mounts: readonly Mount[], { level, path, routes }: Mount): MountTarget {
  if (path.includes(OWNER) !== (level !== 'instance')) throw new Error(`the owner of ${path} is unclear`);
  const first = mounts.find((other) => other.level === level && other.routes === routes);
  const canonical = (first?.path ?? path).split(OWNER);
  return { format, level, routes, canonical, template: path.replace(OWNER, ':id') };
}

function restOf(path: string, start: number): string {
  if (start >= path.length) return '/';
  return start + 1 < path.length && path.endsWith('/') ? path.slice(start, -1) : path.slice(start);
}

function fill([before = '', after]: readonly string[], owner: string | number): string {
  return after === undefined ? before : before + encodeURIComponent(owner) + after;
}

/**
 * Returns the canonical prefix of a format's endpoint for an owner (id or full path).
 * @throws Error when the format is not served at that level
 */
export function prefixOf(mounts: readonly Mount[], level: EndpointLevel, owner: string | number): string {
  const mount = mounts.find((each) => each.level === level && each.routes === undefined);
  if (!mount) throw new Error(`not served at ${level} level`);
  return fill(mount.path.split(OWNER), owner);
}

/** Percent-decodes a string once; undefined when it is malformed. */
export function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Returns the encoded path of an absolute URL, without its query. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (start < 0) return '/';
  const query = url.indexOf('?', start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}
