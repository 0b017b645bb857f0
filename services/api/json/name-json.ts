import type { Group } from '../../domain/accounts.ts';
import type { BoundPrefix, NameOwner } from '../../registry/records/entities.ts';
import { timeJson } from './account-json.ts';

/** The namespaces that names belong to, by id. Deleted ones are missing. */
export type Namespaces = ReadonlyMap<number, Group>;

/** A name, and the root namespace that owns it. */
export function ownerJson({ format, name, rootId, changedAt }: NameOwner, namespaces: Namespaces) {
  return {
    package_type: format,
    name,
    released: rootId === undefined,
    namespace: rootId === undefined ? null : rootJson(rootId, namespaces),
    updated_at: timeJson(changedAt),
  };
}

/** A prefix of names, and the root namespace that it is bound to. */
export function prefixJson({ format, prefix, rootId, createdAt }: BoundPrefix, namespaces: Namespaces) {
  return {
    package_type: format,
    prefix,
    namespace: rootJson(rootId, namespaces),
    created_at: timeJson(createdAt),
  };
}

/** A deleted namespace has neither path nor kind. */
function rootJson(id: number, namespaces: Namespaces) {
  const { fullPath, kind } = namespaces.get(id) ?? {};
  return { id, full_path: fullPath ?? null, kind: kind ?? null };
}
