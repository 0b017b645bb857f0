import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that went through, and how it was answered. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** Something between a client and a server that tells what they say. */
export interface RecordingProxy {
  readonly url: string;
  /** What went through since the last call, in the order of the answers. */
  take(): RecordedRequest[];
  stop(): Promise<void>;
}

/** Passes requests on to a server, byte for byte. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  let recorded: RecordedRequest[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    const passed = request({ hostname, port, method, path: url, headers }, (answer) => {
      const status = answer.statusCode ?? 0;
      recorded.push({ method, path: url, status });
      outgoing.writeHead(status, answer.statusMessage, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
