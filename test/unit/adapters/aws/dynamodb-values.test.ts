import { describe, expect, test } from 'vitest';
import { fromWireItem, toWireItem } from '../../../../services/adapters/aws/dynamodb-values.ts';
import type { Item } from '../../../../services/ports/table.ts';

const key = { pk: 'p', sk: 's' };

describe('values in the wire format', () => {
  test.each<[string, unknown, object]>([
    ['a text', 'x', { S: 'x' }],
    ['an empty text', '', { S: '' }],
    ['a large number', 2 ** 60, { N: '1152921504606847000' }],
    ['a number beyond integers', 1.5e300, { N: '1.5e+300' }],
    ['a tiny number', 1e-100, { N: '1e-100' }],
    ['a boolean', true, { BOOL: true }],
    ['null', null, { NULL: true }],
    ['a list', [1, [null]], { L: [{ N: '1' }, { L: [{ NULL: true }] }] }],
    ['a map', { a: { b: '' } }, { M: { a: { M: { b: { S: '' } } } } }],
    ['a map without a prototype', Object.assign(Object.create(null), { a: 1 }), { M: { a: { N: '1' } } }],
    ['__proto__', JSON.parse('{"__proto__":1}'), { SS: ['{"__proto__":1}'] }],
    ['constructor', [{ constructor: { name: 'Set' } }], { SS: ['[{"constructor":{"name":"Set"}}]'] }],
  ])('are written and read back: %s', (_case, value, wire) => {
    const item = { ...key, value } as Item;
    expect(toWireItem(item).value).toEqual(wire);
    expect(JSON.stringify(fromWireItem(toWireItem(item)).value)).toBe(JSON.stringify(value));
  });

  test('leave out undefined properties at any depth', () => {
    const item = { ...key, gone: undefined, map: { gone: undefined, a: 1 } };
    expect(fromWireItem(toWireItem(item))).toStrictEqual({ ...key, map: { a: 1 } });
  });

  test('have bytes read as plain arrays, even from buffers of the SDK', () => {
    const wire = { ...toWireItem(key), bytes: { B: Buffer.from('xbytes').subarray(1) } };
    expect(fromWireItem(wire).bytes).toStrictEqual(new Uint8Array(Buffer.from('bytes')));
  });
});
