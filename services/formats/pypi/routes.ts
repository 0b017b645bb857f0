import type { FormatRoutes } from '../../http/format.ts';
import { listRoutes } from './routes-list.ts';
import { publishRoutes } from './routes-publish.ts';
import { readRoutes } from './routes-read.ts';
import { yankRoutes } from './routes-yank.ts';

/** Everything that Python's package clients ask for. */
export function routes(app: FormatRoutes): void {
  publishRoutes(app);
  listRoutes(app);
  readRoutes(app);
  yankRoutes(app);
}
