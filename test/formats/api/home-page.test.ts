import { beforeEach, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});

describe('the address of the registry itself', () => {
  test('shows a browser a page that loads nothing and runs nothing', async () => {
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const answer = await app.send('GET', '/', { headers: { accept } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
    expect(answer.headers.get('vary')).toBe('Accept');
    const page = await answer.text();
    expect(page).toContain('<h1>Packhouse</h1>');
    expect(page).not.toMatch(/<(?:script|style|img|link|form)|\son\w+=/i);
  });

  test('answers other clients with JSON', async () => {
    for (const accept of ['*/*', 'application/json']) {
      const answer = await app.send('GET', '/', { headers: { accept } });
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { name: 'Packhouse', api: 'http://registry.test/api/v4' },
      ]);
    }
  });
});
