import { RegistryError } from '../../domain/errors.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import {
  isListed,
  type PackageFile,
  type StagedBytes,
  type Umbrella,
  type Version,
} from '../../domain/packages.ts';
import { referenceBlobs } from '../blobs/reference-blobs.ts';
import { discard } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { indexWrites, stateFile } from '../indexes/index-writes.ts';
import { readNamesToTake } from '../names/take-names.ts';
import { publishRules } from '../publish-rules/publish-rules.ts';
import type { StoredHead, StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { currentVersion, filesUnder, undoOwnClaim } from './claim-version.ts';
import {
  type Draft,
  draftOf,
  namesOf,
  packageOf,
  publicationOf,
  publishedDetails,
  withStorageKey,
} from './draft.ts';
import { claimWrites, fileKey, fileWrites, newVersionWrites, openClaim } from './package-writes.ts';
import type { NewFile, NewVersion } from './publish-version.ts';
import { retryPublish } from './retry-publish.ts';
import { planSubpackage } from './subpackages.ts';

/**
 * Each file takes two writes, one more if it replaces another, one if its digests may come first, and up to eight more if
 * it is in indexes.
 */
const FILES_AT_ONCE = 20;
const COMPARED_AT_ONCE = 15;
const INDEXED_AT_ONCE = 6;

/** Returns the most files that one transaction publishes. */
export function filesAtOnce({
  index,
  digestsMayComeFirst,
}: Pick<FormatRules, 'index' | 'digestsMayComeFirst'>): number {
  if (index) return INDEXED_AT_ONCE;
  return digestsMayComeFirst ? COMPARED_AT_ONCE : FILES_AT_ONCE;
}

/** Splits files into groups that one transaction can publish. */
export function stepsOf<T>(
  format: Pick<FormatRules, 'index' | 'digestsMayComeFirst'>,
  files: readonly T[],
): T[][] {
  const size = filesAtOnce(format);
  const count = Math.ceil(files.length / size);
  return Array.from({ length: count }, (_, step) => files.slice(step * size, (step + 1) * size));
}

/**
 * Publishes a version of many files in several transactions. The first claims the version, which prevents other
 * publishes of it and hides it from reads. The next ones add the files, and the last one makes everything visible.
 * A failed publish is undone. If the process was killed, the next publish of the version or the sweep undoes it.
 * @param taken makes the error to throw if the version exists or another publish is making it; by default, that of
 * the publish rules
 */
export async function publishInSteps<M>(
  registry: Registry,
  input: NewVersion<M> & { readonly umbrella?: Umbrella | undefined },
  taken?: () => Error,
): Promise<Draft<M>> {
  const draft = await draftOf(registry, input, registry.clock.now());
  await claim(registry, input, draft.version, taken);
  const files: PackageFile[] = [];
  const redundant: StagedBytes[] = [];
  try {
    const drafts = stepsOf(input.format, draft.files);
    for (const [step, inputs] of stepsOf(input.format, input.files).entries()) {
      const added = await addStep(registry, { ...draft, files: drafts[step] ?? [] }, inputs, input.format);
      files.push(...added.files);
      redundant.push(...added.redundant);
    }
    await finish(registry, input, { ...draft, files });
  } catch (error) {
    await undoFailed(registry, draft.version);
    throw error;
  }
  await discard(registry, redundant);
  return { version: draft.version, files };
}

async function claim<M>(
  registry: Registry,
  input: NewVersion<M>,
  version: Version<M>,
  taken: (() => Error) | undefined,
): Promise<void> {
  const rules = publishRules({ ...publicationOf(input), ofNewVersion: true }, registry);
  await retryChanged(async () => {
    const key = keys.version(version, version.version);
    const items = await readItems(registry.table, [key, ...rules.keys]);
    const existing = await currentVersion(registry, items.get<StoredVersion>(key));
    if (existing && taken) throw taken();
    await rules.check(items);
    await registry.table.write([
      ...claimWrites({ ...version, updatedAt: registry.clock.now() }),
      ...rules.writes(items),
    ]);
  });
}

/** Adds some of the files. Each step also renews the claim. */
async function addStep(
  registry: Registry,
  { version, files: drafts }: Draft<unknown>,
  inputs: readonly NewFile[],
  format: FormatRules,
): Promise<{ readonly files: readonly PackageFile[]; readonly redundant: readonly StagedBytes[] }> {
  const key = keys.version(version, version.version);
  const blobs = referenceBlobs(inputs.map((file) => file.blob));
  return retryChanged(async () => {
    const fileKeys = drafts.map((file) => fileKey(version, version.version, file));
    const items = await readItems(registry.table, [key, ...fileKeys, ...blobs.keys]);
    requireOwnClaim(version, items.get<StoredVersion>(key));
    const plan = blobs.plan(items);
    const stated = drafts.map((file, index) =>
      stateFile(format.index, version, withStorageKey(file, inputs[index], plan)),
    );
    const files = stated.map(({ file }) => file);
    const replaced = filesUnder(items, fileKeys);
    await registry.table.write([
      { update: key, set: { updatedAt: registry.clock.now() }, when: openClaim(version) },
      ...files.flatMap((file, index) => fileWrites(version, file, replaced[index])),
      ...plan.writes,
      ...indexWrites(version, { stated, listings: [{ versionId: version.id, files, listed: false }] }),
    ]);
    return { files, redundant: plan.redundant };
  });
}

async function finish<M>(
  registry: Registry,
  input: NewVersion<M> & { readonly umbrella?: Umbrella | undefined },
  { version, files }: Draft<M>,
): Promise<void> {
  const { project } = input;
  const ref = packageOf(input);
  const subpackage = planSubpackage(project, ref, input.umbrella);
  await retryPublish(registry, project, async () => {
    const now = registry.clock.now();
    const key = keys.version(ref, version.version);
    const [items, names] = await Promise.all([
      readItems(registry.table, [keys.head(ref), key, ...subpackage.keys]),
      readNamesToTake(registry, input.format, namesOf(input)),
    ]);
    requireOwnClaim(version, items.get<StoredVersion>(key));
    const live = items.get<StoredHead>(keys.head(ref))?.live === true;
    await registry.table.write([
      ...newVersionWrites(
        project,
        version,
        { ...input, firstTag: input.format.defaultTag?.tag, live, claimed: true },
        now,
      ),
      ...subpackage.plan(items, now),
      ...(await names.writes(project, now)),
      ...(isListed(version)
        ? indexWrites(ref, { listings: [{ versionId: version.id, files, listed: true }] })
        : []),
      recordEvent(now, {
        ...eventFacts({ ...input, format: ref.format }, version.version),
        type: 'package_published',
        details: publishedDetails(input),
      }),
    ]);
  });
}

function requireOwnClaim({ id }: Version, stored: StoredVersion | undefined): void {
  if (stored?.id === id && stored.claim === 'open') return;
  throw new RegistryError('contended', 'This publish stalled for so long that it was undone, try again');
}

/** Undoes a failed publish. If that fails too, the next publish of the version or the sweep undoes it. */
async function undoFailed(registry: Registry, version: Version): Promise<void> {
  try {
    await undoOwnClaim(registry, version);
  } catch (error) {
    const { format, name } = version;
    registry.log.error('unfinished publish not undone', {
      format,
      package: name,
      version: version.version,
      error,
    });
  }
}
