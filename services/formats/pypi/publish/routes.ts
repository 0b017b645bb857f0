import { randomUUID } from 'node:crypto';
import { RegistryError } from '../../../domain/errors.ts';
import type { PackageFile, StagedBlob, Version } from '../../../domain/packages.ts';
import { type FormatContext, publish, type Target } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { ConditionFailed } from '../../../ports/table.ts';
import { discardUnless, stageBytes } from '../../../registry/blobs/stage-blob.ts';
import { addFiles } from '../../../registry/packages/add-files.ts';
import type { NewFile } from '../../../registry/packages/publish-version.ts';
import { entityOf, maybeEntity } from '../../../registry/records/entities.ts';
import { keys, ranges } from '../../../registry/records/keys.ts';
import { queryAll } from '../../../registry/records/query-all.ts';
import { retryChanged } from '../../../registry/records/retry-changed.ts';
import { parts, readFileName } from '../file-names.ts';
import type { FileFacts, Metadata } from '../schema.ts';
import { PROVENANCE_TYPE, provenanceOf } from './attestations.ts';
import { checkedMetadata } from './check-upload.ts';
import type { CoreMetadata } from './core-metadata.ts';
import { describeVersion, readmeOf } from './describe-version.ts';
import { type Received, receiveUpload } from './receive-upload.ts';

const BYTES = 'application/octet-stream';

/** `POST /`: the legacy upload API, a form with one distribution. */
export function publishRoutes(app: FormatRoutes): void {
  app.post('/', publish({}, upload));
  app.post('/simple', (c) => {
    const { registry, address } = c.env;
    const right =
      address.level === 'project' ? registry.settings.url + address.prefix : 'the address of a project';
    throw new RegistryError('methodNotAllowed', `This is the index to install from: upload to ${right}`);
  });
}

async function upload(c: FormatContext, target: Target): Promise<Response> {
  const { registry } = c.env;
  const staged: StagedBlob[] = [];
  await discardUnless(registry, staged, async () => {
    const received = await receiveUpload(c, staged);
    const metadata = checkedMetadata(received);
    const files = await filesOf(c, target, received, metadata, staged);
    await addDistribution(c, target, received, metadata, files);
  });
  return replyJson(c, 201, { message: '201 Created' });
}

/**
 * Adds the files to their version. The table keeps two files of one name apart, but not two spellings of a name: each
 * upload leaves a mark of its own in the version, and starts over when that is not the one it saw before it looked.
 */
async function addDistribution(
  c: FormatContext,
  target: Target,
  received: Received,
  metadata: CoreMetadata,
  files: readonly NewFile[],
): Promise<void> {
  const { registry } = c.env;
  const { name, version } = received.distribution;
  const key = keys.version({ projectId: target.project.id, format: 'pypi', name }, version);
  const upload = randomUUID();
  await retryChanged(async () => {
    const seen = maybeEntity<Version<Metadata>>(await registry.table.get(key));
    await refuseTaken(c, target, received);
    try {
      await addFiles<Metadata>(registry, {
        project: target.project,
        actor: target.actor,
        format: 'pypi',
        name,
        version,
        metadata: { ...describeVersion(metadata, target.actor.name), upload },
        readme: seen ? undefined : readmeOf(metadata),
        files,
        duplicates: 'refuse',
        amend: (known) => {
          if (!seen || known.upload !== seen.metadata.upload) throw new UploadBetween();
          return { ...known, upload };
        },
      });
    } catch (error) {
      if (isDuplicate(error)) await refuseTaken(c, target, received);
      throw error instanceof UploadBetween ? new ConditionFailed(0) : error;
    }
  });
}

/** Thrown when another upload to the version has come between. */
class UploadBetween extends Error {
  override readonly name = 'UploadBetween';
}

function isDuplicate(error: unknown): boolean {
  return error instanceof RegistryError && error.code === 'duplicateFile';
}

/**
 * Refuses a file when one is there that installers take for the same, such as one whose name is only spelled
 * otherwise.
 */
async function refuseTaken(c: FormatContext, { project }: Target, received: Received): Promise<void> {
  const { name, version, identity } = received.distribution;
  const ref = { projectId: project.id, format: 'pypi', name };
  const items = await queryAll(c.env.registry.table, ranges.filesOf(ref, version));
  const taken = items
    .map((item) => entityOf<PackageFile>(item))
    .find(({ fileName, partOf }) => partOf === undefined && readFileName(fileName)?.identity === identity);
  if (!taken) return;
  const same = taken.digests.sha256 === received.blob.digests.sha256;
  // GitLab's words, by which Poetry and old twines know that a file is there, and PyPI's, by which all do.
  throw new RegistryError(
    'duplicateFile',
    `Validation failed: File name has already been taken: ${taken.fileName} already exists, with ` +
      `${same ? 'the same content' : 'other content; publish a change as a new version'}`,
  );
}

/** The distribution and what lies beside it: all become visible together. */
async function filesOf(
  c: FormatContext,
  { actor }: Target,
  received: Received,
  { requiresPython }: CoreMetadata,
  staged: StagedBlob[],
): Promise<NewFile[]> {
  const { distribution, blob, metadata, signature, field } = received;
  const { fileName, kind } = distribution;
  const subject = { fileName, sha256: blob.digests.sha256 };
  const attestations = field('attestations');
  const beside: readonly (readonly [string, string, Uint8Array | undefined])[] = [
    // Only a wheel's metadata is that of what gets installed; a source distribution's may change when it is built.
    [parts.metadata, BYTES, kind === 'wheel' ? metadata.bytes : undefined],
    [parts.signature, BYTES, signature],
    [
      parts.provenance,
      PROVENANCE_TYPE,
      attestations === '' ? undefined : Buffer.from(provenanceOf(attestations, subject, actor.name)),
    ],
  ];
  const facts: FileFacts = { requiresPython };
  const files: NewFile[] = [{ fileName, contentType: BYTES, blob, metadata: facts }];
  for (const [ending, contentType, bytes] of beside) {
    if (!bytes) continue;
    const part = await stageBytes(c.env.registry, bytes);
    staged.push(part);
    files.push({ fileName: fileName + ending, contentType, blob: part, partOf: fileName });
  }
  return files;
}
