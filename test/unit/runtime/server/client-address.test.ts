import { describe, expect, test } from 'vitest';
import { behindProxies, clientAddress } from '../../../../services/runtime/server/client-address.ts';

describe('the address of a client', () => {
  test.each([
    ['without proxies is that of the connection, whatever a header says', '192.0.2.1', 0, '10.0.0.9'],
    ['behind one proxy is the last entry', '192.0.2.1', 1, '192.0.2.1'],
    ['behind two is the last but one', '192.0.2.1, 198.51.100.7', 2, '192.0.2.1'],
    [
      'is not what the client wrote in front of the entries of the proxies',
      '6.6.6.6, 192.0.2.1,198.51.100.7',
      2,
      '192.0.2.1',
    ],
    ['may be of version 6', '2001:db8::1, 198.51.100.7', 2, '2001:db8::1'],
    ['is that of the connection when fewer proxies were passed', '192.0.2.1', 2, '10.0.0.9'],
    ['is that of the connection when the entry is no address', 'unknown, 198.51.100.7', 2, '10.0.0.9'],
    ['is that of the connection when there is no header', null, 2, '10.0.0.9'],
  ])('%s', (_, forwarded, proxies, expected) => {
    expect(clientAddress(forwarded, '10.0.0.9', proxies)).toBe(expected);
  });

  test('reaches the app, with all else the host knows', async () => {
    const app = behindProxies(async (_, host) => Response.json(host), 1);
    const request = new Request('http://x.test/', { headers: { 'x-forwarded-for': '192.0.2.1' } });
    const answer = await app(request, { clientAddress: '10.0.0.9', requestId: 'one' });
    expect(await answer.json()).toEqual({ clientAddress: '192.0.2.1', requestId: 'one' });
  });
});
