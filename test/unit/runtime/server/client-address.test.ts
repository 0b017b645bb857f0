import { describe, expect, test } from 'vitest';
import { behindProxies, clientAddress } from '../../../../services/runtime/server/client-address.ts';

describe('the address of a client', () => {
  test.each([
    [
      'is that of the connection if there are no proxies, whatever the header says',
      '192.0.2.1',
      0,
      '10.0.0.9',
    ],
    ['is the last entry behind one proxy', '192.0.2.1', 1, '192.0.2.1'],
    ['is the second to last entry behind two proxies', '192.0.2.1, 198.51.100.7', 2, '192.0.2.1'],
    [
      'is not an entry that the client added before those of the proxies',
      '6.6.6.6, 192.0.2.1,198.51.100.7',
      2,
      '192.0.2.1',
    ],
    ['can be an IPv6 address', '2001:db8::1, 198.51.100.7', 2, '2001:db8::1'],
    [
      'is that of the connection if the header has fewer entries than there are proxies',
      '192.0.2.1',
      2,
      '10.0.0.9',
    ],
    ['is that of the connection if the entry is not an address', 'unknown, 198.51.100.7', 2, '10.0.0.9'],
    ['is that of the connection if there is no header', null, 2, '10.0.0.9'],
  ])('%s', (_, forwarded, proxies, expected) => {
    expect(clientAddress(forwarded, '10.0.0.9', proxies)).toBe(expected);
  });

  test('is passed to the app together with the other facts of the host', async () => {
    const app = behindProxies(async (_, host) => Response.json(host), 1);
    const request = new Request('http://x.test/', { headers: { 'x-forwarded-for': '192.0.2.1' } });
    const answer = await app(request, { clientAddress: '10.0.0.9', requestId: 'one' });
    expect(await answer.json()).toEqual({ clientAddress: '192.0.2.1', requestId: 'one' });
  });
});
