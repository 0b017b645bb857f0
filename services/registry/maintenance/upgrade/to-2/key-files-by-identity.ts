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
 * with that identity has been published since, the file becomes an older copy of it. Files of versions that the upgrade to
 * schema 6 moves get their identity then.
 */
export async function keyFilesByIdentity(registry: Registry, signal: AbortSignal): Promise<boolean> {
  const identities = new Map(
    (await registry.formats()).flatMap(({ id, fileIdentity, normalizedVersion }) =>
      fileIdentity ? [[id, { fileIdentity, normalizedVersion }] as const] : [],
    ),
  );
  for await (const { id } of everyProject(registry)) {
    for await (const ref of packagesOf(registry, id)) {
      const rules = identities.get(ref.format);
      if (rules && !(await keyPackage(registry, ref, rules, signal))) return false;
    }
  }
  return true;
}

interface IdentityRules {
  readonly fileIdentity: NonNullable<FormatRules['fileIdentity']>;
  readonly normalizedVersion: FormatRules['normalizedVersion'];
}

async function keyPackage(
  { table }: Registry,
  ref: PackageRef,
  { fileIdentity: identityOf, normalizedVersion }: IdentityRules,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const items of queryPages(table, ranges.files(ref))) {
    for (const { pk, sk, fileName, identity, version } of items as readonly (Item & PackageFile)[]) {
      if (signal.aborted) return false;
      if (identity !== undefined || identityOf(fileName) === fileName) continue;
      if (normalizedVersion && normalizedVersion(version) !== version) continue;
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
