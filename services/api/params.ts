/** The parameters of a request, from the query and the body, checked by a schema. */
import * as z from 'zod';
import { badParameters, badRequest } from '../domain/errors.ts';
import { readBody } from '../http/body/request-body.ts';
import { parseJson } from '../shared/json/parse-json.ts';
import { UnreadableJson } from '../shared/json/unreadable-json.ts';
import type { ApiContext } from './request.ts';

/** The maximum size of a body with parameters, in bytes. */
const MAX_BODY = 1 << 20;

/** The maximum number of parameters of a form or query, and of elements of a list. */
const MAX_PARAMS = 1000;
const MAX_LIST = 100;

/** How many unknown parameters an error names, and the maximum length of each name there. */
const MAX_UNKNOWN = 10;
const MAX_SHOWN = 100;

/** The maximum number of values in a JSON body. */
const JSON_LIMITS = { values: 10_000 };

/** Parameters that any request may have: credentials, and the user to act as. */
const requestParameters = ['private_token', 'job_token', 'sudo'];

/** Unchecked parameters by name. */
type Raw = Record<string, unknown>;

/**
 * Reads the parameters of a request from the query and from a form or JSON body, regardless of the method.
 * Parameters that are not in the schema are ignored, unless it is strict; those that belong to every request always are.
 * @throws RegistryError that lists all problems, in GitLab's wording, each with the description of the parameter if
 * the schema has one
 */
export async function readParams<S extends z.ZodObject>(c: ApiContext, schema: S): Promise<z.infer<S>> {
  const raw = { ...queryOf(c), ...(await bodyOf(c)) };
  for (const name of requestParameters) delete raw[name];
  for (const [name, value] of Object.entries(raw)) {
    const field = Object.hasOwn(schema.shape, name) ? (schema.shape[name] as z.ZodType) : undefined;
    if (value === null && field && !field.safeParse(null).success) delete raw[name];
  }
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const problems = new Map<string, string>();
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, MAX_UNKNOWN)) {
        const shown = key.slice(0, MAX_SHOWN);
        problems.set(shown, `${shown} is unknown`);
      }
      continue;
    }
    const name = String(issue.path[0] ?? '');
    const explained = schema.shape[name]?.description;
    const problem = problemOf(name, raw[name], issue);
    if (!problems.has(name)) problems.set(name, explained ? `${problem} (${explained})` : problem);
  }
  throw badParameters([...problems.values()]);
}

function problemOf(name: string, value: unknown, issue: z.core.$ZodIssue): string {
  if (value === undefined) return `${name} is missing`;
  if (issue.code === 'custom') return `${name} ${issue.message}`;
  if (issue.code === 'invalid_value' || issue.code === 'too_big' || issue.code === 'too_small') {
    return `${name} does not have a valid value`;
  }
  return `${name} is invalid`;
}

function queryOf(c: ApiContext): Raw {
  const { search } = new URL(c.req.url);
  return collect(pairsIn(search));
}

async function bodyOf(c: ApiContext): Promise<Raw> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (!c.req.raw.body || type === undefined) return {};
  if (type === 'application/json') return jsonOf(await textOf(c));
  if (type === 'application/x-www-form-urlencoded') return collect(pairsIn(await textOf(c)));
  if (type === 'multipart/form-data') return collect(await formOf(c));
  return {};
}

async function textOf(c: ApiContext): Promise<string> {
  return (await readBody(c, { bytes: MAX_BODY, hint: '' })).toString();
}

function jsonOf(text: string): Raw {
  if (text.trim() === '') return {};
  try {
    const value = parseJson(text, JSON_LIMITS);
    if (value === null) return {}; // what client-go sends for no options
    if (typeof value === 'object' && !Array.isArray(value)) return value as Raw;
  } catch (error) {
    if (error instanceof UnreadableJson && error.problem !== 'malformed') {
      throw badRequest(`400 Bad Request - in the body, ${error.message}`);
    }
  }
  throw badRequest("400 Bad Request - the body isn't a JSON object");
}

async function formOf(c: ApiContext): Promise<Iterable<[string, string]>> {
  const body = await textOf(c);
  requireFew(body, '\n--');
  const headers = { 'content-type': c.req.header('content-type') ?? '' };
  try {
    const form = await new Response(body, { headers }).formData();
    return [...form.entries()].flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    );
  } catch {
    throw badRequest("400 Bad Request - the form can't be read");
  }
}

/** The parameters in a query or a form. @throws RegistryError when there are too many */
function pairsIn(text: string): URLSearchParams {
  requireFew(text, '&');
  return new URLSearchParams(text);
}

/** Checks how often a separator occurs in a text, before the text is split there. */
function requireFew(text: string, separator: string): void {
  let count = 0;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) {
    if (++count > MAX_PARAMS) throw badRequest(`400 Bad Request - more than ${MAX_PARAMS} parameters`);
  }
}

/** Collects pairs into parameters: `a[]=1&a[]=2` is a list, `a[b]=1` a hash. */
function collect(pairs: Iterable<[string, string]>): Raw {
  const raw: Raw = Object.create(null);
  for (const [name, value] of pairs) {
    const parts = /^(?<base>[^[\]]+)\[(?<key>[^[\]]*)\]$/.exec(name)?.groups;
    if (!parts) {
      raw[name] = value;
      continue;
    }
    const { base = '', key = '' } = parts;
    const existing = raw[base];
    if (key === '') raw[base] = [...(Array.isArray(existing) ? existing : []), value];
    else {
      const entries = typeof existing === 'object' && !Array.isArray(existing) ? existing : {};
      raw[base] = { ...entries, [key]: value };
    }
  }
  return raw;
}

/** A string; JSON numbers are converted. */
export const text = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().max(2000),
);

/** A string that is not blank; JSON numbers are converted. */
export const filledText = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().regex(/\S/).max(255),
);

/** A parameter whose blank value counts as none, as GitLab has it where it does not list the possible values. */
export function unlessBlank<T extends z.ZodType>(schema: T) {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
    schema,
  );
}

/** A whole number. */
export const integer = z.preprocess(
  (value) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
  z.number().int(),
);

const flags = new Map<unknown, boolean>([
  ...['true', 't', '1', 'yes', 'on', 1].map((value) => [value, true] as const),
  ...['false', 'f', '0', 'no', 'off', '', 0].map((value) => [value, false] as const),
]);

/** A boolean, in the spellings used in forms and by Python (`True`). */
export const flag = z.preprocess(
  (value) => flags.get(typeof value === 'string' ? value.toLowerCase() : value) ?? value,
  z.boolean(),
);

/**
 * A list of at most 100 elements: from JSON, from `name[]=`, or separated by commas. A single value is a list of one.
 */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value, context) => {
    const list = typeof value === 'number' ? [value] : typeof value === 'string' ? split(value) : value;
    if (!Array.isArray(list) || list.length <= MAX_LIST) return list;
    context.addIssue({ code: 'custom', message: `has more than ${MAX_LIST} elements` });
    return z.NEVER;
  }, z.array(item));
}

function split(text: string): string[] {
  return text.split(',', MAX_LIST + 1).map((each) => each.trim());
}

/** A point in time, from an ISO 8601 date or time, as milliseconds since the epoch. */
export const moment = z.string().transform((value, context) => {
  const time = /^\d{4}-\d{2}-\d{2}(?:[T ].*)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  context.addIssue({ code: 'invalid_type', expected: 'date' });
  return z.NEVER;
});

/** A day, `YYYY-MM-DD`. The time of day is ignored; an empty value becomes null. */
export const day = z
  .union([z.literal('').transform(() => null), z.null(), moment])
  .transform((time) => (time === null ? null : new Date(time).toISOString().slice(0, 10)));
