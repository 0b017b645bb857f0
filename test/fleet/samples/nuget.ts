import { nupkg, pushForm } from '../../kit/nupkg.ts';
import type { Sample } from './sample.ts';

/** NuGet packages in the fleet tests. A version that was deleted is still served: it is unlisted. */
export const nuget: Sample = {
  id: 'nuget',
  async publish(name, version) {
    const bytes = nupkg({ id: name, version });
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
  anonymousMissing: 401,
};
