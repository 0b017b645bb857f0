import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { sendText } from '../../../http/answer/send-text.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import { listVisible } from '../../../registry/search/visible-packages.ts';
import { representationFor } from './negotiate.ts';
import { API_VERSION, link, PAGE_END, pageStart } from './simple-page.ts';

/** `GET /simple/`: the names of all projects, at every level. */
export function listRoutes(app: FormatRoutes): void {
  app.get('/simple', pull({}, index));
}

async function index(c: FormatContext, access: Access): Promise<Response> {
  const names = await listVisible(c.env.registry, access);
  const { form, contentType } = representationFor(c.req.header('accept') ?? '', c.req.query('format'));
  return sendText(c, form === 'json' ? asJson(names) : asHtml(c, names), { contentType, vary: 'Accept' });
}

type Names = AsyncIterable<readonly string[]>;

async function* asJson(names: Names): AsyncGenerator<string> {
  yield `{"meta":{"api-version":"${API_VERSION}"},"projects":[`;
  let separator = '';
  for await (const some of names) {
    if (some.length === 0) continue;
    yield separator + some.map((name) => JSON.stringify({ name })).join(',');
    separator = ',';
  }
  yield ']}';
}

async function* asHtml(c: FormatContext, names: Names): AsyncGenerator<string> {
  const { registry, address } = c.env;
  yield pageStart('Simple index');
  for await (const some of names) {
    yield some
      .map((name) => link(`${registry.settings.url}${address.prefix}/simple/${name}/`, name))
      .join('');
  }
  yield PAGE_END;
}
