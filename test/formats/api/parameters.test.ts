import { beforeEach, describe, expect, test } from 'vitest';
import { type Api, startApi } from './api-client.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});

describe('the parameters of a request', () => {
  const send = (type: string, body: string, path = '/groups') =>
    api.app.send('POST', `/api/v4${path}`, {
      token: api.app.rootToken,
      headers: { 'content-type': type },
      body,
    });

  test.for([
    ['a form', 'application/x-www-form-urlencoded', `name=x&path=x${'&a[]=1'.repeat(1000)}`],
    [
      'a form with parts',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="a[]"\r\n\r\n1\r\n'.repeat(1100),
    ],
    ['JSON', 'application/json', `{"name":"x","path":"x","a":[${'{},'.repeat(10_000)}{}]}`],
    ['nested JSON', 'application/json', `{"name":"x","path":"x","a":${'['.repeat(70)}${']'.repeat(70)}}`],
  ] as const)('are refused when there are too many of them in %s', async ([, type, body]) => {
    const answer = await send(type, body);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('more than')]);
  });

  test('are refused when there are too many of them in a query', async () => {
    const answer = await api.get(`/groups?${'a[]=1&'.repeat(1001)}`);
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('more than 1000')]);
  });

  test('are refused when a list in them is too long, before its elements are looked up', async () => {
    const project = await api.app.project('tools');
    const path = `/projects/${project.id}/members`;
    const many = { user_id: Array(101).fill(999), access_level: 30 };
    const answer = await api.post(path, many);
    expect([answer.status, answer.body]).toEqual([400, { error: 'user_id has more than 100 elements' }]);
    expect((await api.post(path, { ...many, user_id: '999,'.repeat(200) })).status).toBe(400);
    expect((await api.post(path, { ...many, user_id: Array(100).fill(999) })).status).toBe(404);
  });
});
