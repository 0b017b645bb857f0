import { expect, test } from 'vitest';
import { memoryTable } from '../../../services/adapters/memory/memory-table.ts';
import { startApp } from '../../kit/start-app.ts';
import { throttleableTable } from '../../kit/throttled-table.ts';

const basic = (token: string) => `Basic ${Buffer.from(`root:${token}`).toString('base64')}`;

test.each<[how: string, headersFor: (token: string) => Record<string, string>]>([
  ['a token', (token) => ({ authorization: `Bearer ${token}` })],
  ['a user name and a token', (token) => ({ authorization: basic(token) })],
  ['an unknown token', () => ({ 'private-token': 'glpat-unknown' })],
])('a throttled table is a 503 with Retry-After for a sign-in with %s', async (_how, headersFor) => {
  const store = throttleableTable(memoryTable());
  const app = await startApp({ stores: { table: store.table } });
  store.throttleFrom(0, 'read');
  for (const path of ['/user', '/projects', '/groups/acme', '/personal_access_tokens']) {
    const answer = await app.send('GET', `/api/v4${path}`, { headers: headersFor(app.rootToken) });
    expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '5']);
  }
});
