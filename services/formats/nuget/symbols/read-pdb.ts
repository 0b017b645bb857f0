/**
 * The identity of a symbol file, by which debuggers request it (SSQP,
 * https://github.com/dotnet/symstore/blob/main/docs/specs/SSQP_Key_Conventions.md): the GUID in the `#Pdb` stream
 * of a portable PDB, or the GUID and age in the streams of a Windows PDB.
 */
import { createHash } from 'node:crypto';

/** The identity of a symbol file, and the checksum that compilers write into their output. */
export interface Pdb {
  /** GUID and age, lower-case hex; the age of a portable PDB is `ffffffff`. */
  readonly signature: string;
  /** SHA-256 of the file with its identity set to zero, hex. */
  readonly checksum: string;
}

const MSF = Buffer.from('Microsoft C/C++ MSF 7.00\r\n\u001aDS\0\0\0', 'latin1');

/** The size of the identity that a checksum treats as zeros, in bytes: a GUID and four more. */
const ID_SIZE = 20;

/** Reads the identity of a symbol file. Returns undefined if it is not one. */
export function readPdb(bytes: Buffer): Pdb | undefined {
  try {
    if (bytes.subarray(0, 4).toString('latin1') === 'BSJB') return portable(bytes);
    if (bytes.subarray(0, MSF.byteLength).equals(MSF)) return windows(bytes);
  } catch (error) {
    // Offsets in the file are not checked: reading outside of it throws.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** ECMA-335 II.24.2.1: the metadata root, then per stream its offset, size, and name padded to four bytes. */
function portable(bytes: Buffer): Pdb | undefined {
  const versionLength = bytes.readUInt32LE(12);
  let at = 16 + versionLength + 4;
  const count = bytes.readUInt16LE(at - 2);
  for (let stream = 0; stream < count; stream++) {
    const offset = bytes.readUInt32LE(at);
    const end = bytes.indexOf(0, at + 8);
    if (end < 0) return undefined;
    if (bytes.subarray(at + 8, end).toString('latin1') === '#Pdb') {
      return { signature: `${guidAt(bytes, offset)}ffffffff`, checksum: checksum(bytes, offset) };
    }
    at += 8 + Math.ceil((end + 1 - at - 8) / 4) * 4;
  }
  return undefined;
}

/** MSF 7.00: the directory lists the blocks of each stream. Stream 1 has the GUID, stream 3 the effective age. */
function windows(bytes: Buffer): Pdb | undefined {
  const blockSize = bytes.readUInt32LE(32);
  if (blockSize < 512 || blockSize > 65_536) return undefined;
  const directorySize = bytes.readUInt32LE(44);
  if (directorySize > bytes.byteLength) return undefined;
  const blocks = (count: number) => Math.ceil(count / blockSize);
  const numbersAt = (at: number, count: number) =>
    Array.from({ length: count }, (_, index) => bytes.readUInt32LE(at + 4 * index));
  const join = (numbers: readonly number[]) =>
    Buffer.concat(numbers.map((block) => bytes.subarray(block * blockSize, (block + 1) * blockSize)));
  const directory = join(numbersAt(bytes.readUInt32LE(52) * blockSize, blocks(directorySize)));
  const streams = directory.readUInt32LE(0);
  let at = 4 + 4 * streams;
  const starts: Buffer[] = [];
  for (let stream = 0; stream < Math.min(streams, 4); stream++) {
    const size = directory.readUInt32LE(4 + 4 * stream);
    const used = size === 0xffffffff ? 0 : blocks(size);
    starts.push(used === 0 ? Buffer.alloc(0) : join([directory.readUInt32LE(at)]));
    at += 4 * used;
  }
  const [, info, , debug] = starts;
  if (!info) return undefined;
  const age = debug && debug.byteLength >= 12 ? debug.readUInt32LE(8) : info.readUInt32LE(8);
  return {
    signature: guidAt(info, 12) + age.toString(16),
    checksum: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Formats a GUID as .NET does without hyphens: its first three fields are little-endian. */
function guidAt(bytes: Buffer, at: number): string {
  if (at + 16 > bytes.byteLength) throw new RangeError('the file ends inside its identity');
  const field = (start: number, end: number) => Buffer.from(bytes.subarray(at + start, at + end)).reverse();
  const rest = bytes.subarray(at + 8, at + 16);
  return Buffer.concat([field(0, 4), field(4, 6), field(6, 8), rest]).toString('hex');
}

function checksum(bytes: Buffer, identity: number): string {
  const hash = createHash('sha256');
  hash.update(bytes.subarray(0, identity)).update(Buffer.alloc(ID_SIZE));
  return hash.update(bytes.subarray(identity + ID_SIZE)).digest('hex');
}
