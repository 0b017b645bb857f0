import type { Principal, Project } from '../../domain/accounts.ts';
import { isServed, type PackageFile, type Version } from '../../domain/packages.ts';
import type { Item } from '../../ports/table.ts';
import { readProjects } from '../access/readable-projects.ts';
import type { Registry } from '../context.ts';
import type { NameRules } from '../names/owning-root.ts';
import { rootOf } from '../packages/package-writes.ts';
import { entityOf } from '../records/entities.ts';
import { indexes, keys } from '../records/keys.ts';
import { isOlderFile, packageOfKey } from '../records/parse-keys.ts';
import { queryPages } from '../records/query-all.ts';
import { readItems } from '../records/read-items.ts';
import { owningNames } from './owning-names.ts';
import { isWithin, type Within } from './within.ts';

/** Which alias to search for, where, and for whom. In a project, the caller must already be authorized to pull. */
export interface AliasQuery {
  readonly format: NameRules;
  readonly alias: string;
  readonly within: Within;
  readonly principal: Principal;
}

/** A file found by its alias, and the version it belongs to. */
export interface AliasedFile<M = unknown> {
  readonly version: Version;
  readonly file: PackageFile<M>;
}

/** The most files of one alias that the caller may pull, and the most that are examined, and how many at once. */
const MAX_FILES = 5000;
const MAX_EXAMINED = 100_000;
const PAGE = 200;

/**
 * The current files of a format that have an alias, in served versions that the caller may pull, first published
 * first: nobody can put a file of the same alias before those that are there. At instance level only those of
 * packages that are served there. Files hidden from the caller don't count, up to a limit of
 * examined files. A file just published may be missing briefly.
 */
export async function* findAliased<M>(
  registry: Registry,
  { format, alias, within, principal }: AliasQuery,
): AsyncGenerator<AliasedFile<M>> {
  const range = { ...indexes.aliases(format.id, alias), limit: PAGE };
  const projects = new Map<number, Project | undefined>();
  let seen = 0;
  let examined = 0;
  for await (const page of queryPages(registry.table, range)) {
    if (within === 'instance' || 'group' in within)
      await readNew(registry, page, within, principal, projects);
    else projects.set(within.project.id, within.project);
    const open = page.filter((item) => !isOlderFile(item));
    const held = open.flatMap((entry) => {
      const { projectId, name } = packageOfKey(entry);
      const project = projects.get(projectId);
      return project ? [{ entry, name, rootId: rootOf(project) }] : [];
    });
    const serves = await owningNames(registry, format, within, held);
    yield* await servedFiles<M>(
      registry,
      held.filter(serves).map(({ entry }) => entry),
    );
    seen += held.length;
    examined += page.length;
    if (seen >= MAX_FILES || examined >= MAX_EXAMINED) return;
  }
}

/** The current files of index entries, each read together with its version. */
async function servedFiles<M>({ table }: Registry, entries: readonly Item[]): Promise<AliasedFile<M>[]> {
  const versionKey = (entry: Item) => keys.version(packageOfKey(entry), entityOf<PackageFile>(entry).version);
  const items = await readItems(
    table,
    entries.flatMap((entry) => [{ pk: entry.pk, sk: entry.sk }, versionKey(entry)]),
  );
  return entries.flatMap((entry) => {
    const file = items.get<PackageFile<M>>(entry);
    const version = items.get<Version>(versionKey(entry));
    const isOpen = file && version && isServed(version) && file.versionId === version.id;
    return isOpen ? [{ version, file }] : [];
  });
}

/** Reads the projects of files that are not in `loaded` yet; adds undefined for those the caller can't reach. */
async function readNew(
  registry: Registry,
  files: readonly Item[],
  within: Within,
  principal: Principal,
  loaded: Map<number, Project | undefined>,
): Promise<void> {
  const ids = files.map((item) => packageOfKey(item).projectId).filter((id) => !loaded.has(id));
  const items = await readItems(
    registry.table,
    ids.map((id) => keys.project(id)),
  );
  const entries = ids.flatMap((id) => {
    const project = items.get<Project>(keys.project(id));
    if (!project) return [];
    const { ancestors } = project;
    return [{ projectId: id, ancestors, rootId: ancestors[0] ?? 0 }];
  });
  const near = entries.filter((entry) => isWithin(entry, within));
  await readProjects(registry, principal, near, loaded, (project, readable) =>
    readable ? project : undefined,
  );
  for (const id of ids) if (!loaded.has(id)) loaded.set(id, undefined);
}
