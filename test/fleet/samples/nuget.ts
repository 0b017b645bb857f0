import { nupkg, pushForm } from '../../kit/nupkg.ts';
import type { Sample } from './sample.ts';

/** NuGet packages in the fleet tests. Deleting a version unlists it; it is still served. */
export const nuget: Sample = {
  id: 'nuget',
  bound: { prefix: 'Corp.', name: 'corp.lib' },
  async publish(name, version, content) {
    const bytes = nupkg({
      id: name,
      version,
      ...(content && { files: [{ path: 'lib/net8.0/a.dll', content }] }),
    });
    return { method: 'PUT', path: '/', ...pushForm(bytes), bytes };
  },
  parameters: [
    {
      what: 'id',
      ...{ limit: 100, longest: 'a'.repeat(100), tooLong: 'a'.repeat(101) },
      publish: (id) => nuget.publish(id, '1.0.0'),
      reads: (id) => [
        nuget.file(id, '1.0.0'),
        ...['download', 'metadata', 'metadata-gz'].map((path) => `/${path}/${id}/index.json`),
        `/metadata/${id}/1.0.0.json`,
        `/v2/Packages(Id='${id}',Version='1.0.0')`,
      ],
      changes: (id) => ['DELETE', 'POST'].map((method) => ({ method, path: `/${id}/1.0.0` })),
    },
    {
      what: 'version',
      ...{ limit: 128, longest: `1.0.0-${'a'.repeat(122)}`, tooLong: `1.0.0-${'a'.repeat(123)}` },
      holding: (word) => `1.0.0-${word}`,
      publish: (version) => nuget.publish('tool', version),
      reads: (version) => [
        nuget.file('tool', version),
        `/metadata/tool/${version}.json`,
        `/v2/package/tool/${version}`,
        `/v2/Packages(Id='tool',Version='${version}')`,
      ],
      changes: (version) => ['DELETE', 'POST'].map((method) => ({ method, path: `/v2/tool/${version}` })),
      others: (text) => [
        `/symbolfiles/${text}.pdb/${'0'.repeat(40)}/${text}.pdb`,
        `/symbolfiles/a.pdb/${text}/a.pdb`,
      ],
    },
  ],
  file: (name, version) => `/download/${name}/${version}/${name}.${version}.nupkg`,
  index: (name) => `/download/${name}/index.json`,
  hotReads: (name) => [
    `/metadata-gz/${name}/index.json`,
    `/metadata-gz/${name}/page/1.0.0/1.1.0.json`,
    `/metadata-gz/${name}/1.0.0.json`,
    `/v2/FindPackagesById()?id='${name}'`,
  ],
  reads: (name, version) => [
    `/download/${name}/${version}/${name}.nuspec`,
    `/v2/package/${name}/${version}`,
    `/metadata/${name}/${version}.json`,
    `/v2/Packages(Id='${name}',Version='${version}')`,
    `/autocomplete?id=${name}`,
  ],
  searches: (name) => [`/v2/Search()?searchTerm='${name}'`, `/query?q=${name}`, `/autocomplete?q=${name}`],
  poison: {
    async publish(name, version) {
      const bytes = nupkg({ id: name, version: `${version}-rc.01` });
      return { method: 'PUT', path: '/', ...pushForm(bytes), bytes };
    },
    of: 'version',
    change: (metadata) => ({ ...metadata, version: `${metadata.version}-rc.01` }),
  },
  anonymousMissing: 401,
};
