import type { FormatRoutes } from '../../http/format/format.ts';
import { blobRoutes } from './blobs/routes.ts';
import { uploadRoutes } from './blobs/upload-routes.ts';
import { catalogRoute } from './catalog-route.ts';
import { referrerRoutes } from './manifests/referrer-routes.ts';
import { manifestRoutes } from './manifests/routes.ts';
import { pingRoute } from './ping.ts';
import { tagRoutes } from './tags/routes.ts';

/** Everything below `/v2`. */
export function routes(app: FormatRoutes): void {
  pingRoute(app);
  catalogRoute(app);
  manifestRoutes(app);
  referrerRoutes(app);
  tagRoutes(app);
  uploadRoutes(app);
  blobRoutes(app);
}
