import type { FormatRoutes } from '../../http/format/format.ts';
import { publishRoutes } from './publish/routes.ts';
import { changeRoutes } from './publish/routes-change.ts';
import { symbolRoutes } from './symbols/routes.ts';
import { feedRoutes } from './v2/routes.ts';
import { readRoutes } from './v3/routes.ts';
import { searchRoutes } from './v3/routes-search.ts';

/** The V3 protocol at GitLab's paths, and the V2 feed under `/v2`. */
export function routes(app: FormatRoutes): void {
  readRoutes(app);
  searchRoutes(app);
  symbolRoutes(app);
  feedRoutes(app);
  publishRoutes(app);
  changeRoutes(app);
}
