import type { FormatRoutes } from '../../http/format.ts';
import { changeRoutes } from './routes-change.ts';
import { publishRoutes } from './routes-publish.ts';
import { readRoutes } from './routes-read.ts';
import { searchRoutes } from './routes-search.ts';
import { symbolRoutes } from './routes-symbols.ts';
import { feedRoutes } from './v2/routes.ts';

/** The V3 protocol at GitLab's addresses, and the V2 feed below `/v2`. */
export function routes(app: FormatRoutes): void {
  readRoutes(app);
  searchRoutes(app);
  symbolRoutes(app);
  feedRoutes(app);
  publishRoutes(app);
  changeRoutes(app);
}
