import type { Project } from '../../services/domain/accounts.ts';
import { readXml, textOf, type XmlElement } from '../../services/shared/xml/read-xml.ts';
import { type NupkgFacts, nupkg, pushForm } from './nupkg.ts';
import { startApp, URL_BASE } from './start-app.ts';

/** The application with a project that NuGet packages are pushed to; requests have the administrator's token by default. */
export async function startNuget(options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp(options);
  const project = await app.project('tools', 'private');
  const base = baseOf(project);

  type Init = { token?: string | null; headers?: Record<string, string>; body?: unknown };
  function send(method: string, path: string, { token = app.rootToken, headers, body }: Init = {}) {
    const url = path.startsWith('/api/') ? path : base + path;
    return app.send(method, url, { ...(token && { token }), ...(headers && { headers }), body });
  }
  const get = (path: string, init: Init = {}) => send('GET', path, init);

  /** The JSON that a GET returns. */
  async function json<T = Record<string, never>>(path: string, init: Init = {}): Promise<T> {
    const answer = await get(path, init);
    if (answer.status !== 200) throw new Error(`${path} returned ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  return {
    ...app,
    app,
    project,
    base,
    /** The start of the links in responses. */
    url: URL_BASE + base,
    send,
    get,
    json,
    /** Pushes a package as NuGet does. */
    async push(facts: NupkgFacts | Uint8Array = {}, init: Init & { path?: string } = {}) {
      const bytes = facts instanceof Uint8Array ? facts : nupkg(facts);
      const form = pushForm(bytes);
      const headers = { ...form.headers, ...init.headers };
      const response = await send('PUT', init.path ?? '/', { ...init, headers, body: form.body });
      return { response, bytes: Buffer.from(bytes) };
    },
    /** The entries of a feed of the V2 protocol. */
    async feed(path: string, init: Init = {}): Promise<Feed> {
      const answer = await get(path, init);
      if (answer.status !== 200) throw new Error(`${path} returned ${answer.status}: ${await answer.text()}`);
      const root = readXml(Buffer.from(await answer.arrayBuffer()));
      const entries = root.name === 'entry' ? [root] : root.children.filter(({ name }) => name === 'entry');
      return {
        root,
        entries,
        names: entries.map((entry) => {
          const properties = entry.children.find(({ name }) => name === 'properties');
          return `${textOf(entry, 'title')} ${textOf(properties, 'Version')}`;
        }),
      };
    },
    async blobCount() {
      return (await app.registry.blobs.list()).blobs.length;
    },
  };
}

/** A feed, its entries, and their ids and versions. */
export interface Feed {
  readonly root: XmlElement;
  readonly entries: readonly XmlElement[];
  readonly names: readonly string[];
}

/** The path of a project's NuGet endpoints. */
export function baseOf({ id }: Pick<Project, 'id'>): string {
  return `/api/v4/projects/${id}/packages/nuget`;
}

/** The status of a refusal, and the reason that clients show, or that in the body if they show none. */
export async function refusalOf(answer: Response): Promise<[status: number, reason: string]> {
  const { message } = (await answer.json()) as { message: string };
  return [answer.status, answer.headers.get('x-nuget-warning') ?? message];
}

/** What `startNuget` returns. */
export type NugetApp = Awaited<ReturnType<typeof startNuget>>;
