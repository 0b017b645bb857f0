import type { FileInVersion } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { type Copy, chooseCopy } from './choose-copy.ts';
import type { Selection } from './holdings.ts';
import { readHoldings } from './holdings.ts';
import { type Access, type AccessRequest, openAccess } from './open-access.ts';

/** A package that the caller may read, in one or more projects. */
export interface FoundPackage<M = unknown> extends Access<M> {
  /** The copy of the selected version to serve; undefined if no project has a served one. */
  readonly copy: Copy<M> | undefined;
}

/** Finds a package and what the request selects from it, for a caller who may pull it. See `openAccess`. */
export async function findPackage<M>(
  registry: Registry,
  request: Omit<AccessRequest, 'action'>,
): Promise<FoundPackage<M>> {
  return withCopy(registry, await openAccess<M>(registry, { ...request, action: 'pull' }));
}

/** Reads another selection of a package already found. One more round trip. */
export async function readAlso<M>(
  registry: Registry,
  found: Access<M>,
  selection: Selection,
): Promise<FoundPackage<M>> {
  const [holdings, withheld] = await Promise.all([
    readHoldings<M>(registry, found.holdings, selection),
    readHoldings<M>(registry, found.withheld, selection),
  ]);
  return withCopy(registry, { ...found, holdings, withheld, selection });
}

/** Reads the version of the selected tag, with some of its files. One more round trip. */
export function findVersionOfTag<M>(
  registry: Registry,
  found: FoundPackage<M>,
  files: readonly FileInVersion[],
): Promise<FoundPackage<M>> {
  const tag = found.holdings[0]?.tag;
  return tag ? readAlso<M>(registry, found, { version: tag.version, files }) : Promise.resolve(found);
}

async function withCopy<M>(registry: Registry, access: Access<M>): Promise<FoundPackage<M>> {
  return { ...access, copy: await chooseCopy(registry, access) };
}
