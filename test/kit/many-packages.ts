import type { Project } from '../../services/domain/accounts.ts';
import type { Version } from '../../services/domain/packages.ts';
import type { Registry } from '../../services/registry/context.ts';
import { newVersionWrites } from '../../services/registry/packages/package-writes.ts';
import { mapConcurrently } from '../../services/shared/map-concurrently.ts';
import { named } from './names.ts';

/** The name and version of a package to store. */
export interface StoredPackage {
  readonly project: Project;
  readonly name: string;
  readonly version?: string;
  readonly format?: string;
  /** Whether the project holds the name already. */
  readonly held?: boolean;
}

/** The most packages of one transaction. A transaction counts up the head of a package once. */
const AT_ONCE = 5;

/**
 * Stores versions without files as publishes do, but many at a time.
 */
export async function storePackages(registry: Registry, packages: readonly StoredPackage[]): Promise<void> {
  const size = packages.some(({ held }) => held) ? 1 : AT_ONCE;
  const starts = Array.from({ length: Math.ceil(packages.length / size) }, (_, number) => number * size);
  await mapConcurrently(starts, 50, (start) => store(registry, packages.slice(start, start + size)));
}

async function store(registry: Registry, packages: readonly StoredPackage[]): Promise<void> {
  const now = registry.clock.now();
  const ids = await Promise.all(packages.map(() => registry.ids.next('package')));
  await registry.table.write(
    packages.flatMap(({ project, name, version = '1.0', format = 'generic', held = false }, index) => {
      const stored: Version = {
        id: ids[index] ?? 0,
        projectId: project.id,
        format,
        name: named.package(name),
        displayName: name,
        version: named.version(version),
        status: 'default',
        metadata: {},
        creatorId: 1,
        createdAt: now,
        updatedAt: now,
      };
      // A transaction of several packages records only once that the project has published: here not at all.
      const published = { ...project, published: true as const };
      return newVersionWrites(published, stored, { live: held, claimed: false }, now);
    }),
  );
}
