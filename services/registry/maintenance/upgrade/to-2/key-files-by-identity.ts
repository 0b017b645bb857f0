import type { FormatRules } from '../../../../domain/format-rules.ts';
import type { FileIdentity } from '../../../../domain/names.ts';
import type { PackageFile, PackageRef } from '../../../../domain/packages.ts';
import type { Item, Table } from '../../../../ports/table.ts';
import type { Registry } from '../../../context.ts';
import { keys, ranges } from '../../../records/keys.ts';
import { isOlderFile } from '../../../records/parse-keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { retryChanged } from '../../../records/retry-changed.ts';
import { everyProject, packagesOf } from '../../check/walk-files.ts';

/**
 * Moves files from the key of their name to that of their identity, in formats that define one. If another file
 * with that identity has been published since, the file becomes an older copy of it.
 */
export async function keyFilesByIdentity(registry: Registry, signal: AbortSignal): Promise<boolean> {
  const identities = new Map(
    (await registry.formats()).flatMap(({ id, fileIdentity }) =>
      fileIdentity ? [[id, fileIdentity] as const] : [],
    ),
  );
  for await (const { id } of everyProject(registry)) {
    for await (const ref of packagesOf(registry, id)) {
      const identityOf = identities.get(ref.format);
      if (identityOf && !(await keyPackage(registry, ref, identityOf, signal))) return false;
    }
  }
  return true;
}

async function keyPackage(
  { table }: Registry,
  ref: PackageRef,
  identityOf: NonNullable<FormatRules['fileIdentity']>,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const items of queryPages(table, ranges.files(ref))) {
    for (const { pk, sk, fileName, identity } of items as readonly (Item & PackageFile)[]) {
      if (signal.aborted) return false;
      if (identity !== undefined || identityOf(fileName) === fileName) continue;
      await retryChanged(async () => {
        const item = await table.get({ pk, sk });
        if (item) await keyFile(table, ref, item, identityOf(fileName));
      });
    }
  }
  return true;
}

/** Fails if another file takes the key meanwhile, or the file is gone or another one. */
async function keyFile(table: Table, ref: PackageRef, item: Item, identity: FileIdentity): Promise<void> {
  const { pk, sk, version, id, identity: known } = item as Item & PackageFile;
  if (known !== undefined) return;
  const current = keys.file(ref, version, identity);
  const taken = isOlderFile(item) || (await table.get(current)) !== undefined;
  const key = taken ? keys.olderFile(ref, version, identity, id) : current;
  await table.write([
    { put: { ...item, ...key, identity }, when: { exists: false } },
    { delete: { pk, sk }, when: { equals: { id } } },
  ]);
}
