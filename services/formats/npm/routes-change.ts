import { badRequest, RegistryError } from '../../domain/errors.ts';
import type { FormatRoutes } from '../../http/format.ts';
import { change, type FormatContext, inProject, type Target } from '../../http/guard.ts';
import { replyJson } from '../../http/reply.ts';
import { deletePackage, deleteVersion } from '../../registry/packages/delete-version.ts';
import { readContents } from '../../registry/packages/package-document.ts';
import { nameOf } from './context.ts';
import { changeDeprecations, headOf } from './deprecate.ts';
import { versionOfTarball } from './names.ts';
import { isInstallable, revisionOf } from './packument.ts';
import { receiveDocument } from './receive-document.ts';
import type { Metadata } from './schema.ts';

type Handle = (c: FormatContext, target: Target) => Promise<Response>;

/**
 * `npm unpublish`: a packument that is sent back with versions missing removes these, and the client then deletes
 * their tarballs, which are gone by then; for the last version it deletes the whole package.
 */
export function changeRoutes(app: FormatRoutes): void {
  app.put('/:name/-rev/:rev', unpublishing(sendBack));
  app.delete('/:name/-rev/:rev', unpublishing(removePackage));
  app.delete('/:name/-/:file/-rev/:rev', unpublishing(removeTarball));
}

function unpublishing(handle: Handle) {
  return inProject('Unpublish from a project', change('delete', { name: nameOf }, handle));
}

async function sendBack(c: FormatContext, target: Target): Promise<Response> {
  requireRevision(c, target);
  const { registry } = c.env;
  const name = nameOf(c);
  const { document, tarball } = await receiveDocument(c);
  if (tarball || !document.versions) {
    throw badRequest(
      'Only versions of a packument can be changed at this address: this registry keeps no owners',
    );
  }
  const contents = await readContents<Metadata>(registry.table, headOf(target), false);
  const kept = new Set(Object.keys(document.versions));
  const removed = contents.versions.filter((version) => isInstallable(version) && !kept.has(version.version));
  for (const { version } of removed) await remove(c, target, version);
  if (kept.size > 0) await changeDeprecations(c, target, name, document.versions);
  return replyJson(c, 200, { ok: true, success: true, id: name });
}

async function removePackage(c: FormatContext, target: Target): Promise<Response> {
  requireRevision(c, target);
  await deletePackage(c.env.registry, { ...target, format: 'npm', name: nameOf(c) });
  return replyJson(c, 200, { ok: true, success: true });
}

async function removeTarball(c: FormatContext, target: Target): Promise<Response> {
  const version = versionOfTarball(nameOf(c), c.req.param('file') ?? '');
  if (version === undefined) throw new RegistryError('fileNotFound');
  const contents = await readContents<Metadata>(c.env.registry.table, headOf(target), false);
  if (contents.versions.some((each) => each.version === version)) {
    requireRevision(c, target);
    await remove(c, target, version);
  }
  return replyJson(c, 200, { ok: true, success: true });
}

async function remove(c: FormatContext, target: Target, version: string): Promise<void> {
  try {
    await deleteVersion(c.env.registry, { ...target, format: 'npm', name: nameOf(c), version });
  } catch (error) {
    if (!(error instanceof RegistryError && error.code === 'packageNotFound')) throw error;
  }
}

function requireRevision(c: FormatContext, target: Target): void {
  if (c.req.param('rev') === revisionOf(headOf(target))) return;
  throw new RegistryError('conflict', 'The package has changed since it was read: try again');
}
