import { duplicatesOf, mountsOf } from '../../catalog.ts';
import { DEFAULT_CHALLENGE, gitlabError } from '../../http/answer/render-error.ts';
import type { Format } from '../../http/format/format.ts';
import { validName } from './names.ts';
import { routes } from './routes.ts';

/** Files of any kind under a name, a version and a path: GitLab's generic packages. */
export const generic: Format = {
  id: 'generic',
  mounts: mountsOf('generic'),
  duplicates: duplicatesOf('generic'),
  duplicatesAllowed: true,
  prefixes: { separators: '._+-', parse: validName },
  fileLimit: 5 * 1024 ** 3,
  challenge: DEFAULT_CHALLENGE,
  credentialsFirst: true,
  renderError: (error, status) => gitlabError(error, status === 409 ? 400 : status),
  routes,
};
