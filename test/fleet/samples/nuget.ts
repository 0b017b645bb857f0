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
  anonymousMissing: 401,
};
