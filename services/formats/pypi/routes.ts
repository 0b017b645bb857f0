import type { FormatRoutes } from '../../http/format/format.ts';
import { publishRoutes } from './publish/routes.ts';
import { readRoutes } from './read/routes.ts';
import { listRoutes } from './read/routes-list.ts';
import { yankRoutes } from './routes-yank.ts';

/** All routes for Python's package clients. */
export function routes(app: FormatRoutes): void {
  publishRoutes(app);
  listRoutes(app);
  readRoutes(app);
  yankRoutes(app);
}
