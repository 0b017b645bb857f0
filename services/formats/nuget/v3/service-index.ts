import { hives } from '../addresses.ts';

const searchVersions = ['', '/3.0.0-beta', '/3.0.0-rc', '/3.4.0', '/3.5.0'];

/** Each resource's path, its type in the versions that clients look for, and a comment. */
const reading: readonly (readonly [
  path: string,
  type: string,
  versions: readonly string[],
  comment: string,
])[] = [
  ['/download/', 'PackageBaseAddress', ['/3.0.0'], 'Package files'],
  ['/query', 'SearchQueryService', searchVersions, 'Search for packages'],
  ['/autocomplete', 'SearchAutocompleteService', searchVersions, 'Ids and versions of packages'],
  [
    `/${hives.semVer1.path}/`,
    'RegistrationsBaseUrl',
    ['', '/3.0.0-beta', '/3.0.0-rc'],
    'Package metadata, without SemVer 2.0.0 packages',
  ],
  [
    `/${hives.gzipSemVer1.path}/`,
    'RegistrationsBaseUrl',
    ['/3.4.0'],
    'Package metadata in gzip, without SemVer 2.0.0 packages',
  ],
  [`/${hives.gzip.path}/`, 'RegistrationsBaseUrl', ['/3.6.0', '/Versioned'], 'Package metadata in gzip'],
  [
    '/download/{lower_id}/{lower_version}/readme',
    'ReadmeUriTemplate',
    ['/6.13.0'],
    'The readme of a package',
  ],
  ['/v2', 'LegacyGallery', ['/2.0.0'], 'The feed for clients of the V2 protocol'],
];

const publishing: typeof reading = [
  ['', 'PackagePublish', ['/2.0.0'], 'Push, unlist and relist packages'],
  ['/symbolpackage', 'SymbolPackagePublish', ['/4.9.0'], 'Push symbol packages'],
];

/**
 * Renders the service index of a feed (https://learn.microsoft.com/nuget/api/service-index). All resources are
 * under the index's own path, because that is where clients send credentials without a challenge.
 */
export function serviceIndex(base: string, publishes: boolean): string {
  const resources = [...reading, ...(publishes ? publishing : [])];
  return JSON.stringify({
    version: '3.0.0',
    resources: resources.flatMap(([path, type, versions, comment]) =>
      versions.map((version) => ({
        '@id': base + path,
        '@type': type + version,
        ...(version === '/Versioned' && { clientVersion: '4.3.0-alpha' }),
        comment,
      })),
    ),
    '@context': {
      '@vocab': 'http://schema.nuget.org/services#',
      comment: 'http://www.w3.org/2000/01/rdf-schema#comment',
    },
  });
}
