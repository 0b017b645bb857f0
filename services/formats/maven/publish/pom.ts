import {
  childOf,
  childrenOf,
  readXml,
  textOf,
  UnreadableXml,
  type XmlElement,
} from '../../../shared/xml/read-xml.ts';
import type { Dependency, Metadata } from '../schema.ts';

/** Larger POMs, in bytes, are stored but not parsed. */
const MAX_POM = 1 << 20;
/** POMs with more elements are stored but not parsed, too. */
const MAX_ELEMENTS = 50_000;
const MAX_DEPENDENCIES = 300;
const MAX_LICENSES = 20;
const MAX_TEXT = 1000;

/** Bytes stored of all licenses, and of all dependencies: a table item has at most 400 KB in all. */
const LICENSES_BYTES = 40_000;
const DEPENDENCIES_BYTES = 200_000;

/**
 * Reads a version's metadata from its POM. Returns undefined if the POM can't be parsed. It is stored anyway:
 * clients accept more than XML parsers do, and no served document depends on it.
 */
export async function readPom(body: AsyncIterable<Uint8Array>): Promise<Metadata | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_POM) return undefined;
    chunks.push(chunk);
  }
  try {
    return factsOf(readXml(Buffer.concat(chunks), { elements: MAX_ELEMENTS }));
  } catch (error) {
    if (error instanceof UnreadableXml) return undefined;
    throw error;
  }
}

function factsOf(project: XmlElement): Metadata | undefined {
  if (project.name !== 'project') return undefined;
  const allLicenses = childrenOf(childOf(project, 'licenses'), 'license').flatMap(
    (license) => shortText(license, 'name') ?? shortText(license, 'url') ?? [],
  );
  const licenses = within(allLicenses.slice(0, MAX_LICENSES), LICENSES_BYTES);
  const all = childrenOf(childOf(project, 'dependencies'), 'dependency').flatMap(dependencyOf);
  const dependencies = within(all.slice(0, MAX_DEPENDENCIES), DEPENDENCIES_BYTES);
  return {
    packaging: shortText(project, 'packaging') ?? 'jar',
    ...present('name', shortText(project, 'name')),
    ...present('description', shortText(project, 'description')),
    ...present('url', shortText(project, 'url')),
    ...present('parent', parentOf(childOf(project, 'parent'))),
    ...(licenses.length > 0 && { licenses }),
    ...(dependencies.length > 0 && { dependencies }),
  };
}

function dependencyOf(element: XmlElement): Dependency[] {
  const groupId = shortText(element, 'groupId');
  const artifactId = shortText(element, 'artifactId');
  if (!groupId || !artifactId) return [];
  return [
    {
      groupId,
      artifactId,
      ...present('version', shortText(element, 'version')),
      ...present('scope', shortText(element, 'scope')),
    },
  ];
}

function parentOf(parent: XmlElement | undefined): string | undefined {
  const parts = ['groupId', 'artifactId', 'version'].map((name) => shortText(parent, name));
  return parts.every((part) => part) ? parts.join(':') : undefined;
}

/** The items of a list, in order, that fit into `bytes` as JSON. */
function within<T>(list: readonly T[], bytes: number): T[] {
  let left = bytes;
  return list.filter((each) => {
    left -= Buffer.byteLength(JSON.stringify(each));
    return left >= 0;
  });
}

function shortText(element: XmlElement | undefined, name: string): string | undefined {
  return textOf(element, name)?.slice(0, MAX_TEXT).toWellFormed();
}

function present<N extends string>(name: N, value: string | undefined): { [K in N]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: string };
}
