import { expect, test } from 'vitest';
import { maskSecrets } from '../../../../services/registry/accounts/mask-secrets.ts';
import { newSecret } from '../../../../services/registry/accounts/token-secret.ts';

const access = newSecret('access');
const deploy = newSecret('deploy');
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
])('other texts stay as they are: %s', (text) => {
  expect(maskSecrets(text)).toBe(text);
});
