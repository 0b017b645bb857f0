import type { Project } from '../../services/domain/accounts.ts';
import { type Built, type FormPart, uploadForm } from './python-package.ts';
import { startApp } from './start-app.ts';

/** The content type of the simple API as JSON. */
export const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';

/** A project's page as tests read it. */
export interface SimplePage {
  readonly name: string;
  readonly versions: readonly string[];
  readonly files: readonly SimpleFile[];
}

/** A file of a page. */
export interface SimpleFile {
  readonly filename: string;
  readonly url: string;
  readonly hashes: { readonly sha256: string };
  readonly size: number;
  readonly 'requires-python'?: string;
  readonly yanked: boolean | string;
  readonly 'core-metadata': false | { readonly sha256: string };
  readonly provenance: string | null;
}

/** The URL of a project's, group's or the instance's PyPI endpoints. */
export const pypiPrefix = {
  project: (id: number | string) => `/api/v4/projects/${encodeURIComponent(id)}/packages/pypi`,
  group: (id: number | string) => `/api/v4/groups/${encodeURIComponent(id)}/-/packages/pypi`,
  instance: '/api/v4/packages/pypi',
};

/** The app with a private project `tools`, and the requests that Python's clients send to it. */
export async function startPypi(options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp(options);
  const project = await app.project('tools');
  const base = pypiPrefix.project(project.id);
  const send = (method: string, path: string, init: Parameters<typeof app.send>[2] = {}) =>
    app.send(method, path, { token: app.rootToken, ...init });
  return {
    ...app,
    /** The private project. */
    tools: project,
    /** The prefix of the project's PyPI endpoints. */
    base,
    /** Sends a request as root; `token: ''` sends none. */
    send,
    /** Uploads a distribution as twine does, with `fields` replaced. */
    upload: (
      built: Built,
      fields: Readonly<Record<string, FormPart | readonly FormPart[] | undefined>> = {},
      options: { to?: Project; token?: string } = {},
    ) =>
      send('POST', pypiPrefix.project((options.to ?? project).id), {
        ...uploadForm(built, fields),
        ...(options.token !== undefined && { token: options.token }),
      }),
    /** The page of a project as JSON. */
    async page(name = 'sample', prefix = base, token = app.rootToken): Promise<SimplePage> {
      const answer = await app.send('GET', `${prefix}/simple/${name}/`, {
        token,
        headers: { accept: JSON_TYPE },
      });
      if (answer.status !== 200)
        throw new Error(`the request for the page of ${name} returned ${answer.status}`);
      return (await answer.json()) as SimplePage;
    },
  };
}

/** What `startPypi` returns. */
export type PypiApp = Awaited<ReturnType<typeof startPypi>>;

/** The message of an error, as uv and Poetry show it. */
export async function messageOf(response: Response): Promise<string> {
  const { message, code } = (await response.json()) as { readonly message: string; readonly code: string };
  if (message !== code) throw new Error(`two messages: ${message} and ${code}`);
  return message;
}
