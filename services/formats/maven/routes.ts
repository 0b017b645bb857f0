import type { FormatRoutes } from '../../http/format/format.ts';
import { publishRoutes } from './publish/routes.ts';
import { readRoutes } from './read/routes.ts';

/** One path, the Maven repository layout; what is asked for shows in its last segments. */
export function routes(app: FormatRoutes): void {
  readRoutes(app);
  publishRoutes(app);
}
