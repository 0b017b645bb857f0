import type { FormatRoutes } from '../../http/format/format.ts';
import { publishRoutes } from './publish/routes.ts';
import { readRoutes } from './read/routes.ts';

/** The Maven repository layout: one wildcard path, whose last segments determine the kind of file. */
export function routes(app: FormatRoutes): void {
  readRoutes(app);
  publishRoutes(app);
}
