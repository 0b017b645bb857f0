import { RegistryError } from '../../../domain/errors.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import type { Scope } from '../../../http/access/scope.ts';
import { requireVisibleGroup } from '../../../http/access/visible-group.ts';
import { sendText } from '../../../http/answer/send-text.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { listNames } from '../../../registry/search/list-names.ts';
import { representationFor } from './negotiate.ts';
import { API_VERSION, link, PAGE_END, pageStart } from './simple-page.ts';

/** `GET /simple/`: every project, at each level. */
export function listRoutes(app: FormatRoutes): void {
  app.get('/simple', pull({}, index));
}

async function index(c: FormatContext, scope: Scope): Promise<Response> {
  const { registry } = c.env;
  const { project, group, principal } = scope;
  const within = project ? { project } : group ? { group } : 'instance';
  const pages = listNames(registry, { format: 'pypi', within, principal });
  const first = await pages.next();
  if (first.done) await requireNothingHidden(c, scope);
  const names = joined(first.done ? [] : first.value, pages);
  const { form, contentType } = representationFor(c.req.header('accept') ?? '', c.req.query('format'));
  return sendText(c, form === 'json' ? asJson(names) : asHtml(c, names), { contentType, vary: 'Accept' });
}

/** Nothing to be seen may be nothing there, or not for this caller: a group says so, and at the instance a login may help. */
async function requireNothingHidden(c: FormatContext, { group, principal }: Scope): Promise<void> {
  if (group) await requireVisibleGroup(c.env.registry, principal, group);
  if (c.env.address.level === 'instance' && principal.kind === 'anonymous') {
    throw new RegistryError('unauthenticated');
  }
}

type Names = AsyncGenerator<readonly string[]>;

async function* joined(first: readonly string[], rest: Names): Names {
  yield first;
  yield* rest;
}

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
