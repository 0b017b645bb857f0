import { join } from 'node:path';
import { nodeLine, type RunningServer, startServer } from './peer.ts';

/** Bytes for the bare server to send from memory. */
export interface KeptDocument {
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Starts the bare Node server; see `bare-server.ts`. */
export function startBare(directory: string): Promise<RunningServer> {
  return startServer({
    directory,
    line: (port) => nodeLine(join(import.meta.dirname, 'bare-server.ts'), [directory, String(port)]),
    ready: { path: '/' },
  });
}

/** Stores a document on the bare server; returns the path under which it is served. */
export async function keepOn(server: RunningServer, document: KeptDocument): Promise<string> {
  const path = `/memory${document.path}`;
  const { 'content-type': type = '', 'content-encoding': encoding, etag } = document.headers;
  const response = await fetch(`http://${server.host}:${server.port}${path}`, {
    method: 'PUT',
    headers: {
      'content-type': type,
      ...(encoding && { 'x-content-encoding': encoding }),
      ...(etag && { 'x-etag': etag }),
    },
    body: document.body,
  });
  if (response.status !== 201) throw new Error(`the bare server did not keep ${path}`);
  return path;
}
