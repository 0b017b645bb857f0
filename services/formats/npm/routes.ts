import type { FormatRoutes } from '../../http/format.ts';
import { accountRoutes } from './routes-account.ts';
import { changeRoutes } from './routes-change.ts';
import { publishRoutes } from './routes-publish.ts';
import { readRoutes } from './routes-read.ts';
import { searchRoutes } from './routes-search.ts';
import { tagRoutes } from './routes-tags.ts';

/** Everything under `/-/` comes before the packages, whose names never start with `-`. */
export function routes(app: FormatRoutes): void {
  accountRoutes(app);
  searchRoutes(app);
  tagRoutes(app);
  readRoutes(app);
  publishRoutes(app);
  changeRoutes(app);
}
