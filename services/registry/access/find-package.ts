import type { Registry } from '../context.ts';
import { type Copy, chooseCopy } from './choose-copy.ts';
import type { Selection } from './holdings.ts';
import { readHoldings } from './holdings.ts';
import { type Access, type AccessRequest, openAccess } from './open-access.ts';

/** A package as a caller may read it, in one or more projects. */
export interface FoundPackage<M = unknown> extends Access<M> {
  /** The copy of the selected version that answers; undefined when no project has one that is served. */
  readonly copy: Copy<M> | undefined;
}

/** Finds a package, and what the request selects of it, for a caller who may pull it: see `openAccess`. */
export async function findPackage<M>(
  registry: Registry,
  request: Omit<AccessRequest, 'action'>,
): Promise<FoundPackage<M>> {
  return withCopy(registry, await openAccess<M>(registry, { ...request, action: 'pull' }));
}

/** Reads something else of a package that was found, by its key: one more round trip. */
export async function readAlso<M>(
  registry: Registry,
  found: Access<M>,
  selection: Selection,
): Promise<FoundPackage<M>> {
  const holdings = await readHoldings<M>(registry, found.holdings, selection);
  return withCopy(registry, { ...found, holdings, selection });
}

async function withCopy<M>(registry: Registry, access: Access<M>): Promise<FoundPackage<M>> {
  const { format, holdings, selection } = access;
  return { ...access, copy: await chooseCopy(registry, format, holdings, selection) };
}
