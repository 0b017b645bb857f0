import { badRequest, RegistryError } from '../../domain/errors.ts';
import { isListed } from '../../domain/packages.ts';
import { change, type FormatContext, inProject, type Target } from '../../http/access/guard.ts';
import { reply } from '../../http/answer/reply.ts';
import { readBody } from '../../http/body/request-body.ts';
import type { FormatRoutes } from '../../http/format/format.ts';
import { changeVersions } from '../../registry/packages/change-versions.ts';
import { projectName } from './names.ts';
import type { Metadata } from './schema.ts';
import { canonicalVersion, normalizedVersion } from './versions.ts';

/** The limits of a reason, in characters, and of the body that holds it, in bytes. */
const MAX_REASON = 1_000;
const BODY_LIMIT = 16 * 1024;

const name = (c: FormatContext) => projectName(c.req.param('name') ?? '');

/**
 * `PUT /yank/:name/:version` yanks a version (PEP 592): installers no longer choose it unless it is pinned, and
 * show the `reason`. `DELETE` undoes this. PyPI offers yanking on its web pages only.
 */
export function yankRoutes(app: FormatRoutes): void {
  app.put('/yank/:name/:version', yanking(yank));
  app.delete('/yank/:name/:version', yanking(unyank));
}

function yanking(handle: (c: FormatContext, target: Target) => Promise<Response>) {
  return inProject('Yank in a project', change('delete', { name }, handle));
}

async function yank(c: FormatContext, target: Target): Promise<Response> {
  return setYanked(c, target, await readReason(c));
}

function unyank(c: FormatContext, target: Target): Promise<Response> {
  return setYanked(c, target, undefined);
}

async function setYanked(c: FormatContext, target: Target, yanked: string | undefined): Promise<Response> {
  const version = normalizedVersion(c.req.param('version') ?? '');
  const input = {
    ...target,
    format: c.env.format,
    name: name(c),
    facts: ({ yanked }: Metadata): Record<string, string> => (yanked === undefined ? {} : { yanked }),
    // Until the upgrade to schema 6 has finished, it may be stored as it is spelled.
    versions: version === undefined ? [] : [...new Set([canonicalVersion(version) ?? version, version])],
  };
  const { found } = await changeVersions<Metadata>(c.env.registry, input, (stored) => {
    if (stored.metadata.yanked === yanked || !isListed(stored)) return undefined;
    const { yanked: _, ...rest } = stored.metadata;
    return yanked === undefined
      ? { metadata: rest, status: 'default' }
      : { metadata: { ...rest, yanked }, status: 'deprecated' };
  });
  if (found === 0) throw new RegistryError('packageNotFound', 'Version not found');
  return reply(c, 204, null);
}

/** Reads the reason from a form or from JSON. It is empty if omitted. */
async function readReason(c: FormatContext): Promise<string> {
  const text = (await readBody(c, { bytes: BODY_LIMIT, hint: '' })).toString();
  const isJson = /^application\/json\b/i.test(c.req.header('content-type') ?? '');
  const reason = isJson ? reasonInJson(text) : (new URLSearchParams(text).get('reason') ?? '');
  if (typeof reason !== 'string' || reason.length > MAX_REASON) {
    throw badRequest(`reason must be a string of at most ${MAX_REASON} characters`);
  }
  return reason.replaceAll(/\s+/g, ' ').trim().toWellFormed();
}

function reasonInJson(text: string): unknown {
  try {
    const value = JSON.parse(text) as { readonly reason?: unknown } | null;
    return value?.reason ?? '';
  } catch {
    throw badRequest('The request body is not valid JSON');
  }
}
