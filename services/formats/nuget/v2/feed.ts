/** The XML of the V2 protocol: Atom feeds and entries, the service document, and the schema. */
import { escapeXml } from '../../../shared/xml/escape-xml.ts';
import { properties, type Row } from './row.ts';

const HEADER = '<?xml version="1.0" encoding="utf-8"?>';
const NAMESPACES =
  'xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" ' +
  'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"';
const TYPE = 'NuGetGallery.OData.V2FeedPackage';
const SCHEME = 'http://schemas.microsoft.com/ado/2007/08/dataservices/scheme';

/** A feed of versions: its title, the total count if requested, and the URL of the next page if there is one. */
export interface Feed {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly count?: number | undefined;
  readonly next?: string | undefined;
}

/** Renders a feed. @param base the URL of the requested endpoint */
export function renderFeed(base: string, { title, rows, count, next }: Feed): string {
  return [
    `${HEADER}<feed xml:base="${escapeXml(base)}/v2/" ${NAMESPACES}>`,
    `<id>${escapeXml(`${base}/v2/${title}`)}</id><title type="text">${escapeXml(title)}</title>`,
    `<updated>${rows[0]?.release.published ?? '1970-01-01T00:00:00Z'}</updated>`,
    `<link rel="self" title="${escapeXml(title)}" href="${escapeXml(title)}"/>`,
    rows.length === 0 ? '<author><name/></author>' : '',
    count === undefined ? '' : `<m:count>${count}</m:count>`,
    ...rows.map((row) => entryOf(base, row, '')),
    next === undefined ? '' : `<link rel="next" href="${escapeXml(next)}"/>`,
    '</feed>',
  ].join('');
}

/** Renders one version. */
export function renderEntry(base: string, row: Row): string {
  return HEADER + entryOf(base, row, ` xml:base="${escapeXml(base)}/v2/" ${NAMESPACES}`);
}

/**
 * Old clients read the id, the authors and the summary from Atom's own elements, everything else from properties.
 */
function entryOf(base: string, row: Row, attributes: string): string {
  const { metadata, name, version, published } = row.release;
  const address = `Packages(Id='${metadata.id}',Version='${version}')`;
  return [
    `<entry${attributes}><id>${escapeXml(`${base}/v2/${address}`)}</id>`,
    `<category term="${TYPE}" scheme="${SCHEME}"/>`,
    `<link rel="edit" title="V2FeedPackage" href="${escapeXml(address)}"/>`,
    `<title type="text">${escapeXml(metadata.id)}</title>`,
    `<summary type="text">${escapeXml(metadata.summary)}</summary><updated>${published}</updated>`,
    `<author><name>${escapeXml(metadata.authors)}</name></author>`,
    `<link rel="edit-media" title="V2FeedPackage" href="${escapeXml(`${address}/$value`)}"/>`,
    `<content type="application/zip" src="${escapeXml(`${base}/v2/package/${name}/${version}`)}"/>`,
    '<m:properties>',
    ...[...properties].map(([property, [type, read]]) => {
      const value = read(row, base);
      const typed = type === 'Edm.String' ? '' : ` m:type="${type}"`;
      return value === null
        ? `<d:${property}${typed} m:null="true"/>`
        : `<d:${property}${typed}>${escapeXml(String(value))}</d:${property}>`;
    }),
    '</m:properties></entry>',
  ].join('');
}

/** Renders the service document, with the only collection. */
export function renderService(base: string): string {
  return (
    `${HEADER}<service xml:base="${escapeXml(base)}/v2/" xmlns="http://www.w3.org/2007/app" ` +
    'xmlns:atom="http://www.w3.org/2005/Atom"><workspace><atom:title>Default</atom:title>' +
    '<collection href="Packages"><atom:title>Packages</atom:title></collection></workspace></service>'
  );
}

/** The functions of the feed and their parameters, by which clients discover them. */
const imports: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  FindPackagesById: { id: 'Edm.String', semVerLevel: 'Edm.String' },
  GetUpdates: {
    packageIds: 'Edm.String',
    versions: 'Edm.String',
    includePrerelease: 'Edm.Boolean',
    includeAllVersions: 'Edm.Boolean',
    targetFrameworks: 'Edm.String',
    versionConstraints: 'Edm.String',
    semVerLevel: 'Edm.String',
  },
  Search: {
    searchTerm: 'Edm.String',
    targetFramework: 'Edm.String',
    includePrerelease: 'Edm.Boolean',
    semVerLevel: 'Edm.String',
  },
};

/** Renders the schema (`$metadata`). */
export function renderSchema(): string {
  const fields = [...properties].map(([name, [type]]) => {
    const key = name === 'Id' || name === 'Version';
    return `<Property Name="${name}" Type="${type}" Nullable="${!key && type === 'Edm.String'}"/>`;
  });
  const functions = Object.entries(imports).map(([name, parameters]) => {
    const declared = Object.entries(parameters).map(
      ([parameter, type]) => `<Parameter Name="${parameter}" Type="${type}"/>`,
    );
    const returns = `ReturnType="Collection(${TYPE})" EntitySet="Packages" m:HttpMethod="GET"`;
    return `<FunctionImport Name="${name}" ${returns}>${declared.join('')}</FunctionImport>`;
  });
  return [
    `${HEADER}<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">`,
    '<edmx:DataServices m:DataServiceVersion="2.0" m:MaxDataServiceVersion="2.0" ',
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">',
    '<Schema Namespace="NuGetGallery.OData" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">',
    '<EntityType Name="V2FeedPackage" m:HasStream="true">',
    '<Key><PropertyRef Name="Id"/><PropertyRef Name="Version"/></Key>',
    ...fields,
    '</EntityType></Schema>',
    '<Schema Namespace="NuGetGallery" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">',
    '<EntityContainer Name="V2FeedContext" m:IsDefaultEntityContainer="true">',
    `<EntitySet Name="Packages" EntityType="${TYPE}"/>`,
    ...functions,
    '</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>',
  ].join('');
}
