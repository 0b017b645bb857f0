import { RegistryError } from '../../../domain/errors.ts';
import { isListed, type PackageStatus } from '../../../domain/packages.ts';
import { change, type FormatContext, inProject, type Target } from '../../../http/access/guard.ts';
import { reply } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { changeVersions } from '../../../registry/packages/change-versions.ts';
import { nameOf, versionOf } from '../context.ts';

/**
 * `DELETE` unlists a version: it is left out of searches, but what depends on it can still be restored. `POST` lists
 * it again. Removing one for good is for the management API.
 */
export function changeRoutes(app: FormatRoutes): void {
  for (const prefix of ['', '/v2', '/v2/package']) {
    app.delete(`${prefix}/:id/:version`, changing('Unlist in a project', unlist));
    app.post(`${prefix}/:id/:version`, changing('Relist in a project', relist));
  }
}

/** What a version gets that is listed or not yet, and the status of the answer. */
interface Listing {
  readonly listed: boolean;
  readonly becomes: PackageStatus;
  readonly done: number;
}

const unlist: Listing = { listed: false, becomes: 'hidden', done: 204 };
const relist: Listing = { listed: true, becomes: 'default', done: 200 };

/** A version that is (un)listed already stays as it is: its indexes need not be made anew. */
function changing(hint: string, { listed, becomes, done }: Listing) {
  return inProject(
    hint,
    change('delete', { name: nameOf }, async (c: FormatContext, target: Target) => {
      const input = { ...target, format: 'nuget', name: nameOf(c), versions: [versionOf(c)] };
      const { found } = await changeVersions(c.env.registry, input, (version) =>
        isListed(version) === listed ? undefined : { status: becomes },
      );
      if (found === 0) throw new RegistryError('packageNotFound');
      return reply(c, done, null);
    }),
  );
}
