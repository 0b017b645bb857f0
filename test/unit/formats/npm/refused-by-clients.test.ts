import { expect, test } from 'vitest';
import { refusedByClients } from '../../../../services/formats/npm/refused-by-clients.ts';

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

test.for([
  [{ description: 'whole 🎉' }],
  [{ description: '\\ud83d, as a text about escapes' }],
  [{ description: '{'.repeat(200) }],
  [nested(64)],
] as const)('accepts manifest %#', ([manifest]) =>
  expect(refusedByClients(JSON.stringify(manifest))).toBeUndefined(),
);

test.for([
  [{ description: 'half \ud83d' }, 'a text in it is not valid Unicode'],
  [{ '\udc00': 1 }, 'a text in it is not valid Unicode'],
  [{ description: '\\\ud83d' }, 'a text in it is not valid Unicode'],
  [nested(65), 'it is nested more than 64 levels deep'],
] as const)('refuses manifest %#', ([manifest, reason]) =>
  expect(refusedByClients(JSON.stringify(manifest))).toBe(reason),
);
