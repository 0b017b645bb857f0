import { expect, test } from 'vitest';
import { canonicalPath } from '../../../services/api/canonical-path.ts';
import { checkPath, ownerSubresources } from '../../../services/registry/accounts/paths.ts';

const canonical = (path: string) => canonicalPath(new Request(`http://registry.test${path}`));

test.each([
  ['/api/v4/projects', '/api/v4/projects'],
  ['/api/v4/projects/12', '/api/v4/projects/12'],
  ['/api/v4/projects/12/packages/3', '/api/v4/projects/12/packages/3'],
  ['/api/v4/projects/a%2Fb/packages/3', '/api/v4/projects/a%2Fb/packages/3'],
  ['/api/v4/projects/a%2fb/members', '/api/v4/projects/a%2fb/members'],
  ['/api/v4/projects/a/b', '/api/v4/projects/a%2Fb'],
  ['/api/v4/projects/a/b/', '/api/v4/projects/a%2Fb'],
  ['/api/v4/projects/a/b/c/members/all/7', '/api/v4/projects/a%2Fb%2Fc/members/all/7'],
  ['/api/v4/projects/a/b/access_tokens/self/rotate', '/api/v4/projects/a%2Fb/access_tokens/self/rotate'],
  ['/api/v4/projects/a/b/archive?x=/y', '/api/v4/projects/a%2Fb/archive'],
  ['/api/v4/projects/a/b%20c', '/api/v4/projects/a%2Fb%20c'],
  ['/api/v4/groups/a', '/api/v4/groups/a'],
  ['/api/v4/groups/a/members', '/api/v4/groups/a/members'],
  ['/api/v4/groups/a/b/-/packages', '/api/v4/groups/a%2Fb/-/packages'],
  ['/api/v4/groups/a/b/package_settings', '/api/v4/groups/a%2Fb/package_settings'],
  ['/api/v4/namespaces/a/b/exists', '/api/v4/namespaces/a%2Fb/exists'],
  ['/api/v4/users/1/projects', '/api/v4/users/1/projects'],
  ['/other/a/b', '/other/a/b'],
  ['/', '/'],
])('the canonical path of %s is %s', (path, expected) => {
  expect(canonical(path)).toBe(expected);
});

test('groups and projects cannot be named like a subresource of an owner', () => {
  for (const word of ownerSubresources) {
    for (const spelling of [word, word.toUpperCase()]) expect(() => checkPath(spelling)).toThrow();
  }
});
