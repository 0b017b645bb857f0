import { valid } from 'semver';
import { RegistryError } from '../../../domain/errors.ts';
import { parseTagName, parseVersionName, type VersionName } from '../../../domain/names.ts';
import { isListed, type PackageHead } from '../../../domain/packages.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { reply } from '../../../http/answer/reply.ts';
import type { Copy } from '../../../registry/access/choose-copy.ts';
import { type FoundPackage, readAlso } from '../../../registry/access/find-package.ts';
import { heldPackage, type Selection } from '../../../registry/access/holdings.ts';
import { type Document, documentText, wholeDocument } from '../../../registry/documents/document-cache.ts';
import { BASE } from '../../../registry/documents/document-kind.ts';
import { readMetadata } from '../../../registry/packages/read-metadata.ts';
import { metadata } from '../schema.ts';
import { distTags, fullManifest } from './packument.ts';

/** Selects the version or tag in the path. No tag is a valid version. */
export function selectManifest(c: FormatContext): Selection {
  const requested = c.req.param('version') ?? '';
  return valid(requested) === requested
    ? { version: parseVersionName(requested) }
    : { tag: parseTagName(requested) };
}

/**
 * Sends one version's manifest, by version or tag. Both are read by key: a packument may have thousands of
 * versions.
 */
export async function manifest(c: FormatContext, found: FoundPackage): Promise<Response> {
  if (!found.holdings.some(({ head }) => head)) throw new RegistryError('packageNotFound');
  const { tag } = found.selection;
  const text = tag === undefined ? textOf(c, found.copy) : await taggedText(c, found, tag);
  if (text === '') throw new RegistryError('packageNotFound', 'Version not found');
  return reply(c, 200, text, { 'content-type': 'application/json', 'cache-control': 'private, no-cache' });
}

/** The manifest as in the packument; empty if the packument does not list the version. */
function textOf(c: FormatContext, copy: Copy | undefined): string {
  const version = copy && readMetadata(c.env.registry, copy.version, metadata);
  return version && isListed(version)
    ? JSON.stringify(fullManifest(version)).replaceAll(BASE, () => baseOf(c))
    : '';
}

function baseOf({ env: { registry, address } }: FormatContext): string {
  return registry.settings.url + address.prefix;
}

/** The manifest of a tagged version, cached until the package changes because it takes a second read. */
async function taggedText(c: FormatContext, found: FoundPackage, tag: string): Promise<string> {
  const tagged = found.holdings.find((holding) => holding.tag)?.tag?.version;
  if (tagged === undefined && tag !== 'latest') return '';
  const { heads, withheld } = heldPackage(found);
  const revisions = (some: readonly PackageHead[]) =>
    some.map((each) => `${each.projectId}.${each.revision}`);
  const revision = [...revisions(heads), '', ...revisions(withheld)].join('-');
  const key = ['npm-manifest', baseOf(c), heads[0]?.name, tag].join('\n');
  const document = await c.env.registry.documents.get<Document>(key, revision, async () => {
    const text = (await textOfVersion(c, found, tagged)) || (await latestText(c, found, tag));
    return wholeDocument(revision, Buffer.from(text));
  });
  return documentText(document);
}

async function textOfVersion(
  c: FormatContext,
  found: FoundPackage,
  version: VersionName | undefined,
): Promise<string> {
  if (version === undefined) return '';
  return textOf(c, (await readAlso(c.env.registry, found, { version })).copy);
}

/** The `latest` of a package without a valid `latest` tag: its highest version. */
async function latestText(c: FormatContext, found: FoundPackage, tag: string): Promise<string> {
  if (tag !== 'latest') return '';
  const tags = await documentText(await indexDocument(c, found, distTags));
  const { latest } = JSON.parse(tags) as { readonly latest?: VersionName };
  return textOfVersion(c, found, latest);
}
