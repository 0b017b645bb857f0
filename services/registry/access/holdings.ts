import type { Project } from '../../domain/accounts.ts';
import type { ContentDigest, Sha256 } from '../../domain/digests.ts';
import type { FileName, TagName, VersionName } from '../../domain/names.ts';
import {
  type FileInVersion,
  identityOf,
  isServed,
  type PackageBlob,
  type PackageFile,
  type PackageHead,
  type PackageRef,
  type Tag,
  type Version,
} from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import type { HeldPackage } from '../packages/held-package.ts';
import type { StoredHead, StoredPackageBlob } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';

/** What a request reads from a package in addition to its head. Everything is read by key, in one round trip. */
export interface Selection {
  /** A version, normalized by the format. */
  readonly version?: VersionName | undefined;
  /** The version as the request spells it, under which it is stored until the upgrade to schema 6 has normalized it. */
  readonly spelledVersion?: VersionName | undefined;
  /** Files of the version. An empty list selects a copy of the version with at least one file. */
  readonly files?: readonly FileInVersion[];
  /** The SHA-256 digest the first of these files must have; a file with other bytes does not match. */
  readonly sha256?: Sha256 | undefined;
  /** A tag. */
  readonly tag?: TagName | undefined;
  /** Bytes that the package holds by digest. */
  readonly blobs?: readonly ContentDigest[];
}

/** One project's copy of a package, limited to what may be served. */
export interface Holding<M = unknown> {
  readonly project: Project;
  /** Undefined if the project has no package of this name; only possible for a request to a single project. */
  readonly head: PackageHead | undefined;
  /** The selected version. Also undefined if it exists but is not served: reads treat both alike. */
  readonly version: Version<M> | undefined;
  /** The selected files of that version, by name. */
  readonly files: ReadonlyMap<string, PackageFile>;
  /** The selected tag, regardless of the version it points to. */
  readonly tag: Tag | undefined;
  /** The selected bytes that the package holds. */
  readonly blobs: ReadonlyMap<ContentDigest, PackageBlob>;
}

/** The keys to read for a holding, and how to build the holding from the items. */
export interface HoldingPlan<M> {
  readonly keys: readonly Key[];
  /** Builds the holding from the items under `keys`. */
  holding(items: Items, project: Project): Holding<M>;
}

/** A selected file, with the keys under which its item may be stored. */
interface FileKeys {
  readonly fileName: FileName;
  readonly key: Key;
  readonly ownKey: Key | undefined;
}

/** The keys of a selected version and of its files. */
interface VersionKeys {
  readonly key: Key;
  readonly files: readonly FileKeys[];
}

/** Plans how to read a selection of a package in one project, as part of a larger read. */
export function planHolding<M>(ref: PackageRef, selection: Selection): HoldingPlan<M> {
  const headKey = keys.head(ref);
  const versions = versionsOf(selection).map(({ version, files }) => versionKeys(ref, version, files));
  const tagKey = selection.tag === undefined ? undefined : keys.tag(ref, selection.tag);
  const { blobs = [] } = selection;
  return {
    keys: [
      headKey,
      ...versions.flatMap(({ key, files }) => [key, ...files.flatMap(keysOf)]),
      ...(tagKey ? [tagKey] : []),
      ...blobs.map((digest) => keys.packageBlob(ref, digest)),
    ],
    holding(items, project) {
      const head = items.get<StoredHead>(headKey);
      const served = versions.flatMap(({ key, files }) => {
        const version = items.get<Version<M>>(key);
        return version && isServed(version) ? [{ version, files: filesOf(version, items, files) }] : [];
      });
      const chosen = served.find(({ files }) => files.size > 0) ?? served[0];
      return {
        project,
        head: head?.live ? head : undefined,
        version: chosen?.version,
        files: chosen?.files ?? new Map(),
        tag: tagKey && items.get<Tag>(tagKey),
        blobs: new Map(
          blobs.flatMap((digest) => {
            const blob = items.get<StoredPackageBlob>(keys.packageBlob(ref, digest));
            return blob && blob.removedAt === undefined ? [[digest, blob]] : [];
          }),
        ),
      };
    },
  };
}

/** The texts under which the selected version may be stored, each with its files. */
function versionsOf({ version, spelledVersion, files = [] }: Selection) {
  const normalized = version === undefined ? [] : [{ version, files }];
  if (spelledVersion === undefined || spelledVersion === version) return normalized;
  const former = files.map(({ formerIdentity, ...file }) =>
    formerIdentity === undefined ? file : { ...file, identity: formerIdentity },
  );
  return [...normalized, { version: spelledVersion, files: former }];
}

function versionKeys(ref: PackageRef, version: VersionName, files: readonly FileInVersion[]): VersionKeys {
  return {
    key: keys.version(ref, version),
    files: files.map((file) => ({
      fileName: file.fileName,
      key: keys.file(ref, version, identityOf(file)),
      // Files of schema 1 lie under their names until they are upgraded. So do files that the upgrade to schema 6 found
      // in equal versions with the same identity.
      ownKey: file.identity === undefined ? undefined : keys.file(ref, version, file.fileName),
    })),
  };
}

function keysOf({ key, ownKey }: FileKeys): Key[] {
  return ownKey && ownKey.sk !== key.sk ? [key, ownKey] : [key];
}

/**
 * The selected files that belong to this version. Leaves out files of a removed version of the same name, and a
 * file with the same identity whose name is spelled differently.
 */
function filesOf(
  { id }: Version,
  items: Items,
  selected: readonly FileKeys[],
): ReadonlyMap<string, PackageFile> {
  const files = new Map<string, PackageFile>();
  for (const { fileName, key, ownKey } of selected) {
    const found = [key, ownKey].map((each) => each && items.get<PackageFile>(each));
    const file = found.find((each) => each?.versionId === id && each.fileName === fileName);
    if (file) files.set(fileName, file);
  }
  return files;
}

/** The holding of a project that does not have the package. */
export function missingFrom<M>(project: Project): Holding<M> {
  return { project, head: undefined, version: undefined, files: new Map(), tag: undefined, blobs: new Map() };
}

/** The package in what was found of it. */
export function heldPackage({
  holdings,
  withheld,
}: {
  readonly holdings: readonly Pick<Holding, 'head'>[];
  readonly withheld: readonly Pick<Holding, 'head'>[];
}): HeldPackage {
  const headsIn = (found: readonly Pick<Holding, 'head'>[]) => found.flatMap(({ head }) => head ?? []);
  return { heads: headsIn(holdings), withheld: headsIn(withheld) };
}

/** Reads another selection of a package in the projects where it was found. One round trip. */
export async function readHoldings<M>(
  { table }: Pick<Registry, 'table'>,
  found: readonly Pick<Holding, 'project' | 'head'>[],
  selection: Selection,
): Promise<Holding<M>[]> {
  const plans = found.flatMap(({ project, head }) =>
    head ? [{ project, plan: planHolding<M>(head, selection) }] : [],
  );
  const items = await readItems(
    table,
    plans.flatMap(({ plan }) => plan.keys),
  );
  return plans.map(({ project, plan }) => plan.holding(items, project));
}
