import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Sample, Upload } from './sample.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly main?: string;
  readonly description?: string;
}

/** A fixed date, so that a tarball has the same bytes whenever it is packed. */
const BUILT = new Date(0);

async function tarball(manifest: object, content: string): Promise<Uint8Array> {
  const tar = pack();
  tar.entry({ name: 'package/package.json', mtime: BUILT }, JSON.stringify(manifest));
  tar.entry({ name: 'package/index.js', mtime: BUILT }, `module.exports = 1;${content}\n`.repeat(40));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return new Uint8Array(gzipSync(Buffer.concat(chunks)));
}

interface PublishOptions {
  readonly content?: string | undefined;
  readonly tag?: string;
}

function publish(name: string, version: string, options: PublishOptions = {}): Promise<Upload> {
  return publishManifest({ name, version, main: 'index.js' }, options);
}

/** The request with which npm publishes a manifest. */
async function publishManifest(
  manifest: Manifest,
  { content = '', tag = 'latest' }: PublishOptions = {},
): Promise<Upload> {
  const { name, version } = manifest;
  const bytes = await tarball(manifest, content);
  const dist = {
    shasum: createHash('sha1').update(bytes).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    tarball: `http://localhost/${name}/-/${name}-${version}.tgz`,
  };
  const attachment = {
    content_type: 'application/octet-stream',
    data: Buffer.from(bytes).toString('base64'),
    length: bytes.byteLength,
  };
  const body = JSON.stringify({
    _id: name,
    name,
    'dist-tags': { [tag]: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    _attachments: { [`${name}-${version}.tgz`]: attachment },
  });
  return { method: 'PUT', path: `/${name}`, headers: { 'content-type': 'application/json' }, body, bytes };
}

/** npm packages in the fleet tests. */
export const npm: Sample = {
  id: 'npm',
  bound: { prefix: '@corp', name: '@corp/lib' },
  publish: (name, version, content) => publish(name, version, { content }),
  parameters: [
    {
      what: 'package name',
      ...{ limit: 214, longest: 'a'.repeat(214), tooLong: 'a'.repeat(215) },
      holding: (word) => word.toLowerCase(),
      publish: (name) => publish(name, '1.0.0'),
      reads: (name) => [
        `/${name}`,
        `/${name}/1.0.0`,
        `/-/package/${name}/dist-tags`,
        `/${name}/-/${name}-1.0.0.tgz`,
      ],
      others: (name) => [`/-/npm/v1/attestations/${name}@1.0.0`],
      changes: (name) => [
        { method: 'PUT', path: `/-/package/${name}/dist-tags/next`, body: '"1.0.0"' },
        { method: 'DELETE', path: `/-/package/${name}/dist-tags/next` },
      ],
    },
    {
      what: 'version',
      ...{ limit: 256, longest: `1.0.0-${'a'.repeat(250)}`, tooLong: `1.0.0-${'a'.repeat(251)}` },
      holding: (word) => `1.0.0-${word}`,
      publish: (version) => publish('tool', version),
      reads: (version) => [`/tool/${version}`, `/tool/-/tool-${version}.tgz`],
      others: (version) => [`/-/npm/v1/attestations/tool@${version}`],
    },
    {
      what: 'tag',
      ...{ limit: 256, longest: 'a'.repeat(256), tooLong: 'a'.repeat(257) },
      publish: (tag) => publish('tool', '1.0.0', { tag }),
      changes: (tag) => [
        { method: 'PUT', path: `/-/package/tool/dist-tags/${tag}`, body: '"1.0.0"', tooLong: 400 },
        { method: 'DELETE', path: `/-/package/tool/dist-tags/${tag}` },
      ],
      reads: (tag) => [`/tool/${tag}`],
    },
  ],
  poison: {
    publish: (name, version) => publishManifest({ name, version, description: 'half \ud83d' }),
    of: 'version',
    change: (metadata) => ({
      ...metadata,
      manifest: String(metadata.manifest).replace('"main"', '"half":"\\ud83d","main"'),
    }),
  },
  file: (name, version) => `/${name}/-/${name}-${version}.tgz`,
  index: (name) => `/${name}`,
  hotReads: (name) => [`/${name}/1.0.0`, `/${name}/latest`],
  reads: (name, version) => [
    `/${name}/${version}`,
    `/${name}/latest`,
    `/-/package/${name}/dist-tags`,
    `/-/npm/v1/attestations/${name}@${version}`,
  ],
  searches: (name) => [`/-/v1/search?text=${name}`],
  // Versions cannot be replaced, so a publish does not read again what the guard has read.
  publishTrips: 3,
  duplicate: 403,
  tag: (name, version) => ({
    method: 'PUT',
    path: `/-/package/${name}/dist-tags/stable`,
    body: JSON.stringify(version),
  }),
  anonymousMissing: 404,
};
