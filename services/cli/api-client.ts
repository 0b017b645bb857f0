import type * as z from 'zod';
import { CommandFailed } from './command.ts';

/** A server does not respond, perhaps temporarily. */
export class NoAnswer extends CommandFailed {
  override readonly name = 'NoAnswer';
}

/** The parameters of a request. */
export type Parameters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** The management API of a registry, on either host. */
export interface ApiClient {
  /** @throws CommandFailed if the registry refuses, NoAnswer if it does not respond */
  get<T>(schema: z.ZodType<T>, path: string, query?: Parameters): Promise<T>;
  /** @throws CommandFailed if the registry refuses, NoAnswer if it does not respond */
  post<T>(schema: z.ZodType<T>, path: string, body: Parameters): Promise<T>;
  /** Returns the first rows of a list, at most `most`, and whether there are more. Errors as above. */
  list<T>(schema: z.ZodType<T[]>, path: string, query: Parameters, most: number): Promise<ListedRows<T>>;
}

/** The first rows of a list. */
export interface ListedRows<T> {
  readonly rows: readonly T[];
  readonly hasMore: boolean;
}

interface Reply<T> {
  readonly data: T;
  readonly link: string;
}

/** Timeout for requests, in milliseconds. */
const REQUEST_TIMEOUT = 30_000;

/** The most rows on a page. */
const MAX_PAGE = 100;

/** A client for the registry at `url` with a token. `hintOf` returns what a refusal with a status may be due to. */
export function apiClient(
  url: string,
  token: string,
  hintOf: (status: number) => string | undefined = () => undefined,
): ApiClient {
  async function send<T>(schema: z.ZodType<T>, path: string, body?: Parameters): Promise<Reply<T>> {
    const headers = { 'private-token': token, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(`${url}/api/v4${path}`, {
      headers,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT),
      // A redirect to another host would get the token.
      redirect: 'manual',
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new NoAnswer(`${url} does not respond`, { cause });
    });
    const text = await response.text().catch((cause: unknown) => {
      throw new NoAnswer(`${url} closed the connection early`, { cause });
    });
    const { status } = response;
    if (status >= 500) throw new NoAnswer(`${url} responded with status ${status}`);
    if (!response.ok) {
      const location = response.headers.get('location');
      const reason =
        location === null ? reasonIn(text).replace(`${status} `, '') : `it redirects to ${location}`;
      const hint = hintOf(status);
      throw new CommandFailed(
        `${url} responded with status ${status}: ${printable(reason)}${hint === undefined ? '' : ` (${hint})`}`,
      );
    }
    const parsed = schema.safeParse(jsonOf(text));
    if (!parsed.success) throw new CommandFailed(`${url} does not respond like a Packhouse server`);
    return { data: parsed.data, link: response.headers.get('link') ?? '' };
  }

  return {
    get: async (schema, path, query = {}) => (await send(schema, `${path}${queryText(query)}`)).data,
    post: async (schema, path, body) => (await send(schema, path, body)).data,
    async list<T>(schema: z.ZodType<T[]>, path: string, query: Parameters, most: number) {
      const rows: T[] = [];
      let next: string | undefined = queryText({ ...query, per_page: Math.min(most, MAX_PAGE) });
      while (next !== undefined && rows.length < most) {
        const { data, link }: Reply<T[]> = await send(schema, `${path}${next}`);
        rows.push(...data);
        // Links start with the public address of the registry, which may be another one than `url`.
        next = /<[^>?]*(?<query>\?[^>]*)>; rel="next"/.exec(link)?.groups?.query;
      }
      return { rows: rows.slice(0, most), hasMore: rows.length > most || next !== undefined };
    },
  };
}

/** Replaces characters that would control a terminal, or change the order of the text around them. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ');
}

function queryText(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.append(name, String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The reason in the body of a refusal, which is `message` or `error`, and by field if several are invalid. */
function reasonIn(text: string): string {
  const { message, error } = (jsonOf(text) ?? {}) as { message?: unknown; error?: unknown };
  const reason = message ?? error;
  if (typeof reason === 'string') return reason;
  if (typeof reason !== 'object' || reason === null) return text.slice(0, 200);
  return Object.entries(reason)
    .flatMap(([field, problems]) => [problems].flat().map((problem) => `${field} ${problem}`))
    .join('; ');
}
