import { RegistryError } from '../../../domain/errors.ts';
import { isListed, type PackageStatus } from '../../../domain/packages.ts';
import { change, type FormatContext, inProject, type Target } from '../../../http/access/guard.ts';
import { reply } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { changeStatuses } from '../../../registry/packages/change-versions.ts';
import { nameOf, versionOf } from '../context.ts';

/**
 * `DELETE` unlists a version: searches leave it out, but packages that depend on it can still be restored. `POST`
 * lists it again. The management API removes versions.
 */
export function changeRoutes(app: FormatRoutes): void {
  // Versions start with a digit: `POST /v2/package` is a push with the wrong method.
  const release = '/:id/:version{[0-9][^/]*}';
  for (const prefix of ['', '/v2', '/v2/package']) {
    app.delete(prefix + release, changing('Unlist in a project', unlist));
    app.post(prefix + release, changing('Relist in a project', relist));
  }
}

/** Whether a version becomes listed, the status it gets, and the HTTP status of the response. */
interface Listing {
  readonly listed: boolean;
  readonly status: PackageStatus;
  readonly httpStatus: number;
}

const unlist: Listing = { listed: false, status: 'hidden', httpStatus: 204 };
const relist: Listing = { listed: true, status: 'default', httpStatus: 200 };

/** Skips versions that are already (un)listed, so that their indexes stay valid. */
function changing(hint: string, { listed, status, httpStatus }: Listing) {
  return inProject(
    hint,
    change('delete', { name: nameOf }, async (c: FormatContext, target: Target) => {
      const input = { ...target, format: c.env.format, name: nameOf(c), versions: [versionOf(c)] };
      const { found } = await changeStatuses(c.env.registry, input, (version) =>
        isListed(version) === listed ? undefined : status,
      );
      if (found === 0) throw new RegistryError('packageNotFound');
      return reply(c, httpStatus, null);
    }),
  );
}
