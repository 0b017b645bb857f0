import type { FormatRoutes } from '../../http/format/format.ts';
import { accountRoutes } from './account/routes.ts';
import { unsupportedRoutes } from './account/unsupported.ts';
import { changeRoutes } from './change/routes.ts';
import { tagRoutes } from './change/routes-tags.ts';
import { publishRoutes } from './publish/routes.ts';
import { readRoutes } from './read/routes.ts';
import { searchRoutes } from './read/routes-search.ts';

/** Routes under `/-/` come before those of packages, whose names never start with `-`. */
export function routes(app: FormatRoutes): void {
  accountRoutes(app);
  searchRoutes(app);
  tagRoutes(app);
  unsupportedRoutes(app);
  readRoutes(app);
  publishRoutes(app);
  changeRoutes(app);
}
