import { badRequest, RegistryError } from '../../../domain/errors.ts';
import { isListed, type PackageHead, type Version } from '../../../domain/packages.ts';
import {
  change,
  type FormatContext,
  type GuardOptions,
  inProject,
  type Target,
} from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { readAllVersions } from '../../../registry/packages/read-versions.ts';
import { removePackage } from '../../../registry/removal/remove-package.ts';
import { removeVersions } from '../../../registry/removal/remove-version.ts';
import { NO_OWNERS } from '../account/unsupported.ts';
import { nameOf } from '../context.ts';
import { versionOfTarball } from '../names.ts';
import { receiveDocument } from '../publish/receive-document.ts';
import { revisionOf } from '../read/packument.ts';
import { changeDeprecations, headOf } from './deprecate.ts';

type Handle = (c: FormatContext, target: Target) => Promise<Response>;

/**
 * `npm unpublish`: the client sends an edited packument, which removes the versions missing from it, and then
 * deletes their tarballs, which are already gone by then. For the last version it deletes the whole package.
 */
export function changeRoutes(app: FormatRoutes): void {
  app.put('/:name/-rev/:rev', unpublishing(updatePackument));
  app.delete('/:name/-rev/:rev', unpublishing(unpublishPackage));
  app.delete('/:name/-/:file/-rev/:rev', unpublishing(removeTarball, selectVersion));
}

function unpublishing(handle: Handle, select: GuardOptions['select'] = () => ({})) {
  return inProject('Unpublish from a project', change('delete', { name: nameOf, select }, handle));
}

/** Selects the version in the requested tarball's name. */
function selectVersion(c: FormatContext, name: string) {
  const version = versionOfTarball(name, c.req.param('file') ?? '');
  return { version };
}

async function updatePackument(c: FormatContext, target: Target): Promise<Response> {
  requireRevision(c, headOf(target));
  const name = nameOf(c);
  const { document, tarball } = await receiveDocument(c);
  if (tarball || !document.versions) {
    throw badRequest(
      document.maintainers ? NO_OWNERS : 'Only the versions in a packument can be changed here',
    );
  }
  const kept = new Set(Object.keys(document.versions));
  const versions = await versionsAtRevision(c, target);
  await removeVersions(
    c.env.registry,
    removalOf(c, target),
    versions.filter((version) => isListed(version) && !kept.has(version.version)),
  );
  if (kept.size > 0) await changeDeprecations(c, target, name, document.versions);
  return replyJson(c, 200, { ok: true, success: true, id: name });
}

async function unpublishPackage(c: FormatContext, target: Target): Promise<Response> {
  const versions = await versionsAtRevision(c, target);
  await removePackage(c.env.registry, { ...removalOf(c, target), versions });
  return replyJson(c, 200, { ok: true, success: true });
}

async function removeTarball(c: FormatContext, target: Target): Promise<Response> {
  if (selectVersion(c, nameOf(c)).version === undefined) throw new RegistryError('fileNotFound');
  const version = target.holding?.version;
  if (version) {
    const versions = await versionsAtRevision(c, target);
    await removeVersions(
      c.env.registry,
      removalOf(c, target),
      versions.filter(({ id }) => id === version.id),
    );
  }
  return replyJson(c, 200, { ok: true, success: true });
}

function removalOf(c: FormatContext, target: Target) {
  return { ...target, format: c.env.format.id, name: nameOf(c) };
}

/** The versions of the package, if it still has the revision in the request. @throws RegistryError `conflict` */
async function versionsAtRevision(c: FormatContext, target: Target): Promise<readonly Version[]> {
  const { head, versions } = await readAllVersions(c.env.registry, headOf(target));
  requireRevision(c, head);
  return versions;
}

function requireRevision(c: FormatContext, head: PackageHead): void {
  if (c.req.param('rev') === revisionOf(head)) return;
  throw new RegistryError('conflict', 'The package has changed since you read it: try again');
}
