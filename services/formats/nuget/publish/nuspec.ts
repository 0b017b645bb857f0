import { invalidPackage } from '../../../domain/errors.ts';
import {
  childOf,
  childrenOf,
  readXml,
  textOf,
  UnreadableXml,
  type XmlElement,
} from '../../../shared/xml/read-xml.ts';
import { parsePackageId } from '../names.ts';
import { isSemVer2, MAX_VERSION, normalisedRange, parseRange, parseVersion } from '../nuget-version.ts';
import { refusedByClients } from '../refused-by-clients.ts';
import type { DependencyGroup, Nuspec, PackageType } from '../schema.ts';

/** The most elements of a nuspec. Some list each of their files. */
const MAX_ELEMENTS = 20_000;

/** The most groups of dependencies, one for each target framework, and dependencies in all groups. */
const MAX_GROUPS = 200;
const MAX_DEPENDENCIES = 5_000;

/** The most types of a package, and words in its tags. */
const MAX_TYPES = 50;
const MAX_TAGS = 1_000;

/**
 * Parses a nuspec. Its namespace, one of six, is ignored: it adds nothing to the elements.
 * @throws RegistryError `invalidPackage` naming what is missing or invalid
 */
export function readNuspec(bytes: Uint8Array): Nuspec {
  const metadata = childOf(rootOf(bytes), 'metadata');
  if (!metadata) throw invalidPackage('The nuspec has no <metadata>');
  const text = (name: string) => textOf(metadata, name) ?? '';
  const flag = (name: string) => text(name).toLowerCase() === 'true';
  const license = childOf(metadata, 'license');
  const licenseType = license?.attributes.get('type')?.toLowerCase();
  const { groups, semVer2 } = dependenciesOf(metadata);
  const version = text('version');
  const parsed = parseVersion(version);
  if (!parsePackageId(text('id'))) {
    throw invalidPackage(
      `The nuspec's id "${text('id')}" is not valid: use at most 100 letters, digits and "_", ` +
        'separated by single "." and "-"',
    );
  }
  if (!parsed) {
    throw invalidPackage(
      `The nuspec's version "${version}" is not valid: use at most ${MAX_VERSION} characters, see https://semver.org`,
    );
  }
  const nuspec: Nuspec = {
    id: text('id'),
    version,
    semVer2: semVer2 || isSemVer2(parsed),
    title: text('title'),
    authors: text('authors'),
    description: text('description'),
    summary: text('summary'),
    releaseNotes: text('releaseNotes'),
    copyright: text('copyright'),
    language: text('language'),
    tags: tagsOf(text('tags')),
    projectUrl: text('projectUrl'),
    iconUrl: text('iconUrl'),
    licenseUrl: text('licenseUrl'),
    licenseExpression: licenseType === 'expression' ? (license?.text ?? '') : '',
    license: licenseType === 'file' ? (license?.text ?? '') : '',
    icon: text('icon'),
    readme: text('readme'),
    requireLicenseAcceptance: flag('requireLicenseAcceptance'),
    developmentDependency: flag('developmentDependency'),
    minClientVersion: metadata.attributes.get('minClientVersion') ?? '',
    packageTypes: packageTypesOf(metadata),
    dependencyGroups: groups,
  };
  const refused = refusedByClients(nuspec);
  if (refused !== undefined) throw invalidPackage(`NuGet's clients can't read this package: ${refused}`);
  return nuspec;
}

function rootOf(bytes: Uint8Array): XmlElement {
  try {
    return readXml(bytes, { elements: MAX_ELEMENTS });
  } catch (error) {
    if (!(error instanceof UnreadableXml)) throw error;
    throw invalidPackage(`The nuspec can't be read: ${error.message}`, error);
  }
}

function packageTypesOf(metadata: XmlElement): PackageType[] {
  const types = childrenOf(childOf(metadata, 'packageTypes'), 'packageType');
  requireAtMost(MAX_TYPES, types.length, 'package types');
  return types.map(({ attributes }) => ({
    name: attributes.get('name') ?? '',
    version: attributes.get('version') ?? '',
  }));
}

function tagsOf(text: string): string[] {
  const tags = text.split(/[\s,;]+/, MAX_TAGS + 2).filter((tag) => tag !== '');
  requireAtMost(MAX_TAGS, tags.length, 'tags');
  return tags;
}

function requireAtMost(limit: number, count: number, what: string): void {
  if (count > limit) throw invalidPackage(`The nuspec has more than ${limit} ${what}`);
}

/** Dependencies are in groups, or, in old packages, in a single list. */
function dependenciesOf(metadata: XmlElement): { groups: DependencyGroup[]; semVer2: boolean } {
  const dependencies = childOf(metadata, 'dependencies');
  const grouped = childrenOf(dependencies, 'group');
  const single = childrenOf(dependencies, 'dependency').length > 0 && dependencies ? [dependencies] : [];
  const all = grouped.length > 0 ? grouped : single;
  requireAtMost(MAX_GROUPS, all.length, 'groups of dependencies');
  const count = all.reduce((sum, group) => sum + childrenOf(group, 'dependency').length, 0);
  requireAtMost(MAX_DEPENDENCIES, count, 'dependencies');
  let semVer2 = false;
  const groups = all.map((group) => ({
    targetFramework: group.attributes.get('targetFramework') ?? '',
    dependencies: childrenOf(group, 'dependency').map(({ attributes }) => {
      const id = attributes.get('id') ?? '';
      if (!parsePackageId(id)) throw invalidPackage(`The nuspec depends on "${id}", which is not a valid id`);
      const text = attributes.get('version') ?? '';
      const range = parseRange(text);
      if (!range) {
        throw invalidPackage(`The nuspec depends on ${id} in "${text}", which is not a range of versions`);
      }
      semVer2 ||= [range.low, range.high].some((end) => end !== undefined && isSemVer2(end));
      return { id, range: normalisedRange(range) };
    }),
  }));
  return { groups, semVer2 };
}
