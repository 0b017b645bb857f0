import { RegistryError } from '../../domain/errors.ts';
import { caller } from '../../http/access/authenticate.ts';
import { replyJson } from '../../http/answer/reply.ts';
import type { FormatRoutes } from '../../http/format/format.ts';

/** `GET /v2/`: by it, clients find out where to get tokens, and `docker login` checks credentials. */
export function pingRoute(app: FormatRoutes): void {
  app.get('/', async (c) => {
    const { principal, grant } = await caller(c);
    if (principal.kind === 'anonymous' && !grant) throw new RegistryError('unauthenticated');
    return replyJson(c, 200, {});
  });
}
