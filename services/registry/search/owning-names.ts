import type { PackageName } from '../../domain/names.ts';
import type { Registry } from '../context.ts';
import { type NameRules, owningRoots, servesName } from '../names/owning-root.ts';
import type { Within } from './within.ts';

/** A name, and the root namespace of a project that holds it. */
interface HeldName {
  readonly name: PackageName;
  readonly rootId: number;
}

/**
 * Reads which entries a search may show. In the whole instance only those of the root namespace that the name
 * belongs to: the same that are served there. One round trip, or none in a project or group.
 */
export async function owningNames(
  { table }: Registry,
  format: NameRules,
  within: Within,
  entries: readonly HeldName[],
): Promise<(entry: HeldName) => boolean> {
  if (within !== 'instance') return () => true;
  const roots = await owningRoots(
    table,
    format,
    entries.map(({ name }) => name),
  );
  return ({ name, rootId }) => servesName(roots.get(name), rootId);
}
