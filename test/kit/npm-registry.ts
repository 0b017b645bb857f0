import type { Project } from '../../services/domain/accounts.ts';
import { npmPackage, npmPrefix, type PackageOptions } from './npm-package.ts';
import { startApp } from './start-app.ts';

/** A packument as tests read it. */
export interface Packument {
  readonly name: string;
  readonly _rev: string;
  readonly 'dist-tags': Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, { readonly [field: string]: unknown; readonly dist: Dist }>>;
  readonly time: Readonly<Record<string, string>>;
  readonly readme: string;
}

interface Dist {
  readonly tarball: string;
  readonly shasum: string;
  readonly integrity: string;
  readonly attestations?: { readonly url: string; readonly provenance: { readonly predicateType: string } };
}

/** The app with a private project `tools`, and the requests that npm sends to it. */
export async function startNpm() {
  const app = await startApp();
  const project = await app.project('tools');
  const base = npmPrefix.project(project.id);
  const send = (method: string, path: string, init: Parameters<typeof app.send>[2] = {}) =>
    app.send(method, path, { token: app.rootToken, ...init });
  return {
    ...app,
    /** The private project. */
    tools: project,
    /** The prefix of the project's npm endpoints. */
    base,
    /** Sends a request as root; `token: ''` sends none. */
    send,
    /** Publishes a package; returns the response with what was published. */
    async publish(options: PackageOptions & { token?: string; to?: Project } = {}) {
      const made = await npmPackage(options);
      const response = await send('PUT', npmPrefix.project((options.to ?? project).id) + made.path, {
        body: JSON.stringify(made.document),
        headers: { 'content-type': 'application/json', 'npm-command': 'publish' },
        ...(options.token === undefined ? {} : { token: options.token }),
      });
      return { ...made, response };
    },
    /** The full packument. */
    async packument(name = '@acme/tool', prefix = base): Promise<Packument> {
      const response = await send('GET', `${prefix}/${name.replace('/', '%2f')}?write=true`);
      if (response.status !== 200)
        throw new Error(`the request for the packument returned ${response.status}`);
      return (await response.json()) as Packument;
    },
    put: (path: string, body: unknown, init: Parameters<typeof app.send>[2] = {}) =>
      send('PUT', path, { body: JSON.stringify(body), ...init }),
  };
}

/** What `startNpm` returns. */
export type NpmApp = Awaited<ReturnType<typeof startNpm>>;

/** The message of an error, as npm prints it. */
export async function errorOf(response: Response): Promise<string> {
  return ((await response.json()) as { readonly error: string }).error;
}
