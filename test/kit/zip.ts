import { crc32, deflateRawSync } from 'node:zlib';

/** A file to put into a zip archive, and errors to make in its entry. */
export interface ZipFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Stored as it is, without compression. */
  readonly stored?: boolean;
  /** A wrong unpacked size for the archive to state. */
  readonly statedSize?: number;
  /** General purpose flags; 1 is "encrypted". Names are UTF-8 (0x800). */
  readonly flags?: number;
}

const DEFLATED = 8;
const UTF8 = 0x800;

/** A zip archive of these files. */
export function zip(files: readonly ZipFile[]): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const content = Buffer.from(file.content);
    const data = file.stored ? content : deflateRawSync(content);
    const name = Buffer.from(file.path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE((file.flags ?? 0) | UTF8, 2);
    common.writeUInt16LE(file.stored ? 0 : DEFLATED, 4);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.byteLength, 14);
    common.writeUInt32LE(file.statedSize ?? content.byteLength, 18);
    common.writeUInt16LE(name.byteLength, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, name]));
    parts.push(local);
    offset += local.byteLength;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(entries.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, entries, end]));
}
