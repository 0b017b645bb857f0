import type { FormatRoutes } from '../../http/format.ts';
import { publishRoutes } from './routes-publish.ts';
import { readRoutes } from './routes-read.ts';

/** One path, the Maven repository layout; what is asked for shows in its last segments. */
export function routes(app: FormatRoutes): void {
  readRoutes(app);
  publishRoutes(app);
}
