import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readPdb } from '../../../../services/formats/nuget/symbols/read-pdb.ts';
import { portablePdb } from '../../../kit/nupkg.ts';

/** The GUID 28f3ed1d-753b-4c51-afb0-b4d4bb01d655 in the byte order of .NET, followed by a stamp. */
const identity = '1dedf3283b75514cafb0b4d4bb01d65501020304';
const signature = '28f3ed1d753b4c51afb0b4d4bb01d655';

/** Windows symbols (MSF 7.00) with the age of their info stream and, if given, of their debug stream, the fourth. */
function windowsPdb({ infoAge = 2, debugAge }: { infoAge?: number; debugAge?: number } = {}): Buffer {
  const block = 512;
  const file = Buffer.alloc(block * 7);
  file.write('Microsoft C/C++ MSF 7.00\r\n\u001aDS\0\0\0', 0, 'latin1');
  const sizes = [0, 28, 0xffffffff, ...(debugAge === undefined ? [] : [64])];
  const blocks = [5, ...(debugAge === undefined ? [] : [6])];
  const directory = Buffer.alloc(4 + 4 * sizes.length + 4 * blocks.length);
  directory.writeUInt32LE(sizes.length, 0);
  for (const [index, size] of sizes.entries()) directory.writeUInt32LE(size, 4 + 4 * index);
  for (const [index, each] of blocks.entries())
    directory.writeUInt32LE(each, 4 + 4 * sizes.length + 4 * index);
  file.writeUInt32LE(block, 32);
  file.writeUInt32LE(directory.byteLength, 44);
  file.writeUInt32LE(3, 52);
  file.writeUInt32LE(4, block * 3);
  directory.copy(file, block * 4);
  file.writeUInt32LE(20000404, block * 5);
  file.writeUInt32LE(infoAge, block * 5 + 8);
  file.write(identity.slice(0, 32), block * 5 + 12, 'hex');
  if (debugAge !== undefined) file.writeUInt32LE(debugAge, block * 6 + 8);
  return file;
}

describe('portable symbols', () => {
  test('are identified by the GUID of their #Pdb stream', () => {
    expect(readPdb(portablePdb(identity))?.signature).toBe(`${signature}ffffffff`);
  });

  test('have the checksum that compilers compute, with the identity set to zero', () => {
    const bytes = portablePdb(identity);
    const without = Buffer.from(bytes);
    without.fill(
      0,
      bytes.indexOf(Buffer.from(identity, 'hex')),
      bytes.indexOf(Buffer.from(identity, 'hex')) + 20,
    );
    const expected = createHash('sha256').update(without).digest('hex');
    expect(readPdb(bytes)?.checksum).toBe(expected);
    expect(readPdb(portablePdb('00'.repeat(20)))?.checksum).toBe(expected);
    expect(readPdb(portablePdb(identity, 'other documents'))?.checksum).not.toBe(expected);
  });
});

describe('Windows symbols', () => {
  test('are identified by their GUID and the age of their debug stream, or else of their info stream', () => {
    expect(readPdb(windowsPdb({ infoAge: 2 }))?.signature).toBe(`${signature}2`);
    expect(readPdb(windowsPdb({ infoAge: 2, debugAge: 27 }))?.signature).toBe(`${signature}1b`);
  });
});

describe('a file without readable symbols', () => {
  test.for([
    ['an empty file', Buffer.alloc(0)],
    ['plain text', Buffer.from('not symbols at all')],
    [
      'metadata without a #Pdb stream',
      Buffer.from(portablePdb(identity).toString('latin1').replace('#Pdb', '#Pdx'), 'latin1'),
    ],
    ['a signature alone', Buffer.from('BSJB')],
    ['portable symbols truncated in their identity', portablePdb(identity).subarray(0, -30)],
    ['truncated Windows symbols', windowsPdb().subarray(0, 1000)],
  ] as const)('is recognized: %s', ([, bytes]) => expect(readPdb(bytes)).toBeUndefined());

  test('never causes an exception, wherever it is damaged', () => {
    for (const intact of [portablePdb(identity), windowsPdb({ debugAge: 3 })]) {
      for (let at = 0; at < 64; at++) {
        for (const value of [0x00, 0x7f, 0xff]) {
          const bytes = Buffer.from(intact);
          bytes.fill(value, at, at + 4);
          expect(() => readPdb(bytes)).not.toThrow();
        }
      }
      for (let end = 0; end < intact.byteLength; end += 5)
        expect(() => readPdb(intact.subarray(0, end))).not.toThrow();
    }
  });
});
