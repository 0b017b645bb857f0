import type { PackageFile, Version } from '../../../services/domain/packages.ts';
import type {
  DocumentPiece,
  DocumentPlan,
  IndexDocument,
  ReleaseDocument,
  ReleaseInput,
  RepositoryIndex,
  StoredStanza,
} from '../../../services/domain/repository-index.ts';
import { gzipped } from '../../../services/shared/compress/encodings.ts';
import type { ToyMetadata } from './metadata.ts';

/** Where a toy index keeps a document under its digest. */
const byHash: DocumentPlan['aliases'] = ({ name, digests }) => [
  `${name.slice(0, name.lastIndexOf('/') + 1)}by-hash/${digests.sha256}`,
];

/**
 * An index like Debian's: a text of stanzas for each partition, plain and compressed, and a signed release over all.
 * Libraries and applications are listed in separate partitions.
 */
export const toyIndex: RepositoryIndex = {
  layout: 1,
  stanzas(version: Version, file: PackageFile) {
    const { name } = version;
    const { description = 'none' } = version.metadata as ToyMetadata;
    const lines = [
      `Package: ${name}`,
      `Version: ${version.version}`,
      `Filename: ${name}/${version.version}/${file.fileName}`,
      `SHA256: ${file.digests.sha256}`,
      `Description: ${description}`,
    ];
    const partition = name.startsWith('lib') ? 'libs' : 'apps';
    const key = `${name}/${version.version}/${file.fileName}`;
    return [{ index: 'main', partition, key, text: `${lines.join('\n')}\n\n` }];
  },
  parts: (partitions, settings) => {
    const declared = (settings?.partitions ?? []) as readonly string[];
    return [...new Set([...partitions, ...declared])]
      .sort()
      .map((partition) => ({ partition, shows: [partition] }));
  },
  documents: (partition) => [
    {
      name: `${partition}/Packages`,
      contentType: 'text/plain',
      encodings: [{ suffix: '.gz', contentType: 'application/gzip', encode: gzipped }],
      aliases: byHash,
    },
    { name: `${partition}/names`, contentType: 'text/plain', internal: true },
  ],
  render,
  release,
};

async function* render(
  partition: string,
  stanzas: AsyncIterable<StoredStanza>,
): AsyncGenerator<DocumentPiece> {
  for await (const { key, text } of stanzas) {
    yield { document: `${partition}/Packages`, text };
    yield { document: `${partition}/names`, text: `${key.split('/')[0]}\n` };
  }
}

/** `names` is made from documents of the parts, `Release` from all of them, and `InRelease` from that. */
async function* release({
  parts,
  now,
  read,
  signer,
}: ReleaseInput): AsyncGenerator<ReleaseDocument, void, IndexDocument> {
  const documents = parts.flatMap((part) => part.documents);
  const inner = documents.filter(({ internal }) => internal);
  const names = yield { name: 'names', contentType: 'text/plain', body: joined(inner.map(read)) };
  const lines = [...documents.filter(({ internal }) => !internal), names].map(
    ({ name, size, digests }) => ` ${digests.sha256} ${size} ${name}`,
  );
  const counts = parts.map(({ partition, count }) => ` ${partition} ${count}`);
  const text = [
    'Origin: toy',
    `Date: ${new Date(now).toUTCString()}`,
    'Count:',
    ...counts,
    'SHA256:',
    ...lines,
    '',
  ].join('\n');
  yield { name: 'Release', contentType: 'text/plain', body: text };
  yield { name: 'InRelease', contentType: 'text/plain', body: await signer.clearSign(text) };
}

async function* joined(bodies: readonly AsyncIterable<Uint8Array>[]): AsyncGenerator<Uint8Array> {
  for (const body of bodies) yield* body;
}
