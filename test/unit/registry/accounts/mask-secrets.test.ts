import { expect, test } from 'vitest';
import { maskSecrets } from '../../../../services/registry/accounts/mask-secrets.ts';
import { newSecret } from '../../../../services/registry/accounts/token-secret.ts';

const access = newSecret('access');
const deploy = newSecret('deploy');
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = `${part({ alg: 'ES256', typ: 'JWT' })}.${part({ sub: 'ann', exp: 1 })}.${'s-_9'.repeat(21)}`;
const chosen = 'a/chosen token of a person';

test.each([
  ['a path', `/-/user/token/${access}/x`, '/-/user/token/[token]/x'],
  ['an encoded path', `%2F${access.replace('-', '%2D')}%2Fx`, '%2F[token]%2Fx'],
  ['a twice encoded path', `/x/${access.replace('-', '%252d')}`, '/x/[token]'],
  ['an encoded name', `/x/${access.replace('-', '%5F')}`, '/x/[token]'],
  ['a wheel', `${access.replace('-', '_')}-1.0.0-py3-none-any.whl`, '[token]-1.0.0-py3-none-any.whl'],
  ['a normalized name', `lib.${access.toLowerCase()}`, 'lib.[token]'],
  ['a name with dots', `lib_${deploy.replace('-', '.')}_x`, 'lib_[token]_x'],
  ['a name with several separators', access.replace('-', '-_.'), '[token]'],
  ['a name after others', `alphabet${access}`, 'alphabet[token]'],
  ['a name without separators', `x${access.replace('-', '')}`, 'x[token]'],
  ['escaped JSON', `"${access.replace('-', '\\u002d')}"`, '"[token]"'],
  ['a text that was cut', `token ${deploy.slice(0, 30)}`, 'token [token]'],
  ['a query', `?private_token=${encodeURIComponent(chosen)}&page=2`, '?private_token=[token]&page=2'],
  ['a form with a password', 'username=ann&password=correct+horse', 'username=ann&password=[token]'],
  ['Bearer', `authorization: Bearer ${'x'.repeat(20)}, next`, 'authorization: Bearer [token], next'],
  [
    'Basic',
    `"Basic ${Buffer.from(`u:${access}`).toString('base64')}" is invalid`,
    '"Basic [token]" is invalid',
  ],
  ['JSON', `{"_authToken":"${access}","b":"${deploy}"}`, '{"_authToken":"[token]","b":"[token]"}'],
  ['a path that holds a JWT', `/v2/x/${signed}/tags`, '/v2/x/[token]/tags'],
  ['an encoded JWT', `/x?y=${signed.replaceAll('.', '%2E')}&z=1`, '/x?y=[token]&z=1'],
  ['JSON with a JWT', JSON.stringify({ token: signed, b: 1 }), '{"token":"[token]","b":1}'],
  ['a JWT that was cut', `"Bearer" ${signed.slice(0, 45)}`, '"Bearer" [token]'],
  ['a header with a JWT', `Bearer ${signed}`, 'Bearer [token]'],
])('a token in %s is masked', (_carrier, text, masked) => {
  expect(maskSecrets(text)).toBe(masked);
});

test.each([
  '/packages/npm/@acme/phat-client',
  'emphatically_and_enthusiastically',
  'phat.client_with_a_long_name',
  'Basic authentication is supported',
  'the token_id=12 of a list',
  '/api/v4/projects/acme%2Ftools',
  'keyJoint.config.js of eyJacket-1.0.tgz',
])('other texts stay as they are: %s', (text) => {
  expect(maskSecrets(text)).toBe(text);
});
