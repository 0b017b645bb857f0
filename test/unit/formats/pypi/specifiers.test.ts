import { expect, test } from 'vitest';
import { areSpecifiers } from '../../../../services/formats/pypi/specifiers.ts';

test.for([
  '',
  '>=3.9',
  '>= 3.9, < 4',
  '>=2.7, !=3.0.*, !=3.1.*,',
  '~=3.8',
  '==3.*',
  '>=3.6.*',
  '===anything',
  '>=3.13.0rc1',
])('accepts %j', (text) => expect(areSpecifiers(text)).toBe(true));

test.for(['three', '3.9', '>=', '=>3', '>=3.9 <4', '>3.x', ',', '>=3,,<4', '>=3.9é'])('refuses %j', (text) =>
  expect(areSpecifiers(text)).toBe(false),
);
