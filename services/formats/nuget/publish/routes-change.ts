import { RegistryError } from '../../../domain/errors.ts';
import type { PackageStatus, Version } from '../../../domain/packages.ts';
import { change, type FormatContext, inProject, type Target } from '../../../http/access/guard.ts';
import { reply } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { changeVersions } from '../../../registry/packages/change-versions.ts';
import { nameOf, versionOf } from '../context.ts';
import { isServed } from '../releases.ts';
import type { Metadata } from '../schema.ts';

/**
 * `DELETE` unlists a version: it is left out of searches, but what depends on it can still be restored. `POST` lists
 * it again. Removing one for good is for the management API.
 */
export function changeRoutes(app: FormatRoutes): void {
  for (const prefix of ['', '/v2', '/v2/package']) {
    app.delete(`${prefix}/:id/:version`, changing('Unlist in a project', 'hidden', 204));
    app.post(`${prefix}/:id/:version`, changing('Relist in a project', 'default', 200));
  }
}

function changing(hint: string, status: PackageStatus, done: number) {
  return inProject(
    hint,
    change('delete', { name: nameOf }, async (c: FormatContext, target: Target) => {
      let found = false;
      const changed = { ...target, format: 'nuget', name: nameOf(c), versions: [versionOf(c)] };
      await changeVersions<Metadata>(c.env.registry, changed, (version) => {
        found = isServed(version);
        return found ? changeOf(version, status) : undefined;
      });
      if (!found) throw new RegistryError('packageNotFound');
      return reply(c, done, null);
    }),
  );
}

/** A version that is (un)listed already stays as it is: its indexes need not be made anew. */
function changeOf({ status }: Version<Metadata>, wanted: PackageStatus) {
  return (status === 'hidden') === (wanted === 'hidden') ? undefined : { status: wanted };
}
