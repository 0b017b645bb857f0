import { RegistryError } from '../../../domain/errors.ts';
import { parseFileName, required } from '../../../domain/names.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import { type FormatContext, publish, type Target } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { discardUnless, stageBytes } from '../../../registry/blobs/stage-blob.ts';
import { addFiles } from '../../../registry/packages/add-files.ts';
import type { NewFile } from '../../../registry/packages/publish-version.ts';
import { namedFile, parts } from '../file-names.ts';
import type { FileFacts, Metadata } from '../schema.ts';
import { canonicalVersion } from '../versions.ts';
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
    const uploadAddress =
      address.level === 'project' ? registry.settings.url + address.prefix : 'the address of a project';
    throw new RegistryError(
      'methodNotAllowed',
      `This is the index to install from: upload to ${uploadAddress}`,
    );
  });
}

async function upload(c: FormatContext, target: Target): Promise<Response> {
  const { registry } = c.env;
  const staged: StagedBlob[] = [];
  await discardUnless(registry, staged, async () => {
    const received = await receiveUpload(c, staged);
    const metadata = checkedMetadata(received);
    const { name, version } = received.distribution;
    await addFiles<Metadata>(registry, {
      project: target.project,
      actor: target.actor,
      format: c.env.format,
      name,
      version: canonicalVersion(version) ?? version,
      spelledVersion: version,
      metadata: describeVersion(metadata, target.actor.name),
      readme: readmeOf(metadata),
      files: await filesOf(c, target, received, metadata, staged),
    });
  });
  return replyJson(c, 201, { message: '201 Created' });
}

/** The distribution and the files that accompany it. They all become visible together. */
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
  const companions: readonly (readonly [string, string, Uint8Array | undefined])[] = [
    // Only a wheel's metadata is final; a source distribution's may change when it is built.
    [parts.metadata, BYTES, kind === 'wheel' ? metadata.bytes : undefined],
    [parts.signature, BYTES, signature],
    [
      parts.provenance,
      PROVENANCE_TYPE,
      attestations === '' ? undefined : Buffer.from(provenanceOf(attestations, subject, actor.name)),
    ],
  ];
  const facts: FileFacts = { requiresPython };
  const files: NewFile[] = [{ ...namedFile(fileName), contentType: BYTES, blob, metadata: facts }];
  for (const [ending, contentType, bytes] of companions) {
    if (!bytes) continue;
    const part = await stageBytes(c.env.registry, bytes);
    staged.push(part);
    files.push({
      ...namedFile(required('fileName', parseFileName(fileName + ending))),
      contentType,
      blob: part,
      partOf: fileName,
    });
  }
  return files;
}
