import { expect } from 'vitest';
import { startApp, type TestApp, URL_BASE } from '../../kit/start-app.ts';

/** An answer of the API with its parsed body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape
  readonly body: any;
}

/** The options of a request: its token, its parameters as JSON, and further headers. */
export interface Ask {
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
}

/** The app under test, called as by an API client. Requests have root's token unless given another; `''` means none. */
export async function startApi(options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp(options);
  async function ask(method: string, path: string, { token, json, headers = {} }: Ask = {}): Promise<Answer> {
    const response = await app.send(method, `/api/v4${path}`, {
      token: token ?? app.rootToken,
      headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    const isJson = text !== '' && response.headers.get('content-type') === 'application/json';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }
  return {
    app,
    ask,
    get: (path: string, options?: Ask) => ask('GET', path, options),
    post: (path: string, json: unknown = {}, options?: Ask) => ask('POST', path, { json, ...options }),
    put: (path: string, json: unknown = {}, options?: Ask) => ask('PUT', path, { json, ...options }),
    del: (path: string, options?: Ask) => ask('DELETE', path, options),
    /** Publishes a generic package of one file. */
    async publish(
      projectId: number,
      name: string,
      version: string,
      token = app.rootToken,
      file = 'file.txt',
    ) {
      const path = `/api/v4/projects/${projectId}/packages/generic/${name}/${version}/${file}`;
      const answer = await app.send('PUT', path, { token, body: `${name} ${version} ${file}` });
      expect(answer.status).toBe(201);
    },
  };
}

/** See `startApi`. */
export type Api = Awaited<ReturnType<typeof startApi>>;

/** Follows `rel="next"` from the first page. Returns the pages, and checks that links are below the external URL. */
export async function pagesOf(api: Api, path: string, options?: Ask): Promise<Answer[]> {
  const pages: Answer[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const page: Answer = await api.get(next, options);
    expect(page.status).toBe(200);
    pages.push(page);
    const link = /<([^>]*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    if (link !== undefined) expect(link.startsWith(`${URL_BASE}/api/v4`)).toBe(true);
    next = link?.slice(`${URL_BASE}/api/v4`.length);
    expect(pages.length).toBeLessThan(50);
  }
  return pages;
}

/** The events in the outbox, oldest first. */
export async function eventsOf(app: TestApp) {
  const { ranges } = await import('../../../services/registry/records/keys.ts');
  const { EVENT_SHARDS, eventOf } = await import('../../../services/registry/events/record-event.ts');
  const shards = await Promise.all(
    Array.from({ length: EVENT_SHARDS }, (_, shard) => app.registry.table.query(ranges.events(shard))),
  );
  return shards.flatMap((page) => page.items.map(eventOf)).sort((a, b) => (a.id < b.id ? -1 : 1));
}
