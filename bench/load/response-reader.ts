/** A response whose last byte was read. */
export interface ReadResponse {
  readonly status: number;
  /** Bytes of the body, as they were sent. */
  readonly size: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const EMPTY = Buffer.alloc(0);

/**
 * Reads the responses of one HTTP/1.1 connection, counting the bytes of their bodies without keeping them: a
 * generator that parsed more would need more processor time than the servers it measures. A chunk may be overwritten
 * once it is read.
 */
export function responseReader(onResponse: (response: ReadResponse) => void): (chunk: Buffer) => void {
  let held: Buffer = EMPTY;
  let status = 0;
  let size = 0;
  /** Bytes of the body, or of the current chunk with its line end, that are not read yet. */
  let left = 0;
  let state: 'head' | 'body' | 'chunk-size' | 'chunk' | 'trailer' = 'head';

  function finish(): void {
    state = 'head';
    const response = { status, size };
    size = 0;
    onResponse(response);
  }

  /** Reads the head at `at`; returns the position of its end, or -1 when it is incomplete. */
  function readHead(data: Buffer, at: number): number {
    const end = data.indexOf(HEAD_END, at);
    if (end < 0) return -1;
    const head = data.toString('latin1', at, end).toLowerCase();
    status = Number(head.slice(9, 12));
    const after = end + HEAD_END.length;
    if (status < 200) return after;
    if (status === 204 || status === 304) finish();
    else if (head.includes('\r\ntransfer-encoding: chunked')) state = 'chunk-size';
    else {
      const found = /\r\ncontent-length: *(\d+)/.exec(head);
      if (!found) throw new Error(`a response of ${status} has no length:\n${head}`);
      left = Number(found[1]);
      if (left === 0) finish();
      else state = 'body';
    }
    return after;
  }

  function readChunkSize(data: Buffer, at: number): number {
    const end = data.indexOf(LINE_END, at);
    if (end < 0) return -1;
    const length = Number.parseInt(data.toString('latin1', at, end), 16);
    size += length;
    left = length + LINE_END.length;
    state = length === 0 ? 'trailer' : 'chunk';
    return end + LINE_END.length;
  }

  function readBytes(data: Buffer, at: number): number {
    const taken = Math.min(left, data.byteLength - at);
    left -= taken;
    if (state === 'body') size += taken;
    if (left === 0) {
      if (state === 'chunk') state = 'chunk-size';
      else finish();
    }
    return at + taken;
  }

  function step(data: Buffer, at: number): number {
    if (state === 'head') return readHead(data, at);
    if (state === 'chunk-size') return readChunkSize(data, at);
    return readBytes(data, at);
  }

  return (chunk) => {
    const data = held.byteLength === 0 ? chunk : Buffer.concat([held, chunk]);
    held = EMPTY;
    for (let at = 0; at < data.byteLength; ) {
      const next = step(data, at);
      if (next < 0) {
        held = Buffer.from(data.subarray(at));
        return;
      }
      at = next;
    }
  };
}
