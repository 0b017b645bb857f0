import { accountsOf, freshName, type Owner } from '../kit/accounts.ts';
import type { Remote } from './curl.ts';
import { rootToken, type Server } from './host.ts';

/** A new project in a new group. */
export interface Project {
  readonly group: Owner;
  readonly id: number;
  /** A generic file in it, on the server that runs now. `path` is name, version and file name. */
  remote(server: Server, path: string): Remote;
}

/** Makes a project. */
export async function makeProject(server: Server): Promise<Project> {
  const accounts = accountsOf({ url: server.url, rootToken });
  const group = await accounts.group(freshName('large'));
  const { id } = await accounts.project(group, 'files');
  return {
    group,
    id,
    remote: ({ url }, path) => ({
      url: `${url}/api/v4/projects/${id}/packages/generic/${path}`,
      token: rootToken,
    }),
  };
}
