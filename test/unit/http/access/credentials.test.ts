import { describe, expect, test } from 'vitest';
import { credentialOf } from '../../../../services/http/access/credentials.ts';

const from = (headers: Record<string, string>, query = '') =>
  credentialOf(new Request(`http://registry.test/x${query}`, { headers }));
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe('the credential of a request', () => {
  test.each<[carrier: string, headers: Record<string, string>, expected: object]>([
    ['Bearer', { authorization: 'Bearer t' }, { secret: 't' }],
    ['Bearer in any case', { authorization: 'bEaReR t' }, { secret: 't' }],
    ['Token', { authorization: 'token t' }, { secret: 't' }],
    ['a token alone', { authorization: 't' }, { secret: 't' }],
    ['Basic', basic('u:t'), { secret: 't', username: 'u' }],
    ['Basic with a colon in the password', basic('u:a:b'), { secret: 'a:b', username: 'u' }],
    ['Basic with the token as user', basic('t:'), { secret: 't' }],
    ['Basic without a colon', basic('t'), { secret: 't' }],
    ['PRIVATE-TOKEN', { 'PRIVATE-TOKEN': 't' }, { secret: 't' }],
    ['DEPLOY-TOKEN', { 'Deploy-Token': 't' }, { secret: 't' }],
    ['JOB-TOKEN', { 'job-token': 't' }, { secret: 't' }],
  ])('is read from a header: %s', (_carrier, headers, expected) => expect(from(headers)).toEqual(expected));

  test('is read from the query string', () => {
    expect(from({}, '?private_token=a%2Bb')).toEqual({ secret: 'a+b' });
    expect(from({}, '?job_token=t')).toEqual({ secret: 't' });
    expect(from({}, '?page_token=t')).toBeUndefined();
  });

  test('is undefined if there is no token or an empty one', () => {
    expect(from({})).toBeUndefined();
    expect(from({ authorization: 'Bearer ' })).toBeUndefined();
    expect(from({ 'private-token': '' })).toBeUndefined();
  });

  test('is read from a header of the format, after the common headers and before the query string', () => {
    const request = (headers: Record<string, string>) => new Request('http://h/x?job_token=q', { headers });
    const credential = (headers: Record<string, string>) =>
      credentialOf(request(headers), ['x-key', 'x-other']);
    expect(credential({ 'X-Other': 't' })).toEqual({ secret: 't' });
    expect(credential({ 'x-other': 't', 'x-key': '' })).toEqual({ secret: 't' });
    expect(credential({ 'x-key': 't', 'private-token': 'a' })).toEqual({ secret: 'a' });
    expect(credential({ 'x-strange': 't' })).toEqual({ secret: 'q' });
  });

  test('is not read from the header of a format if no format is given', () => {
    expect(from({ 'X-NuGet-ApiKey': 't' })).toBeUndefined();
  });

  test('is read from the Authorization header first', () => {
    expect(from({ authorization: 'Bearer a', 'private-token': 'b' }, '?private_token=c')).toEqual({
      secret: 'a',
    });
  });
});
