import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** A listener in front of the emulator. */
export interface TlsFront {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts a listener that passes requests on to `port` as a load balancer that terminates TLS does. The emulator then
 * treats them as encrypted, so that policies which refuse plain HTTP need no change.
 */
export async function startTlsFront(port: number): Promise<TlsFront> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    passOn(incoming, outgoing, port, agent).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

/** Passes a request on with its host and all other headers unchanged, since signatures cover them. */
async function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
  agent: Agent,
): Promise<void> {
  const { method, url: path, rawHeaders } = incoming;
  const headers = [...rawHeaders, 'x-forwarded-proto', 'https'];
  const onward = request({ host: '127.0.0.1', port, method, path, headers, agent });
  // Aborts the request when the client disconnects.
  outgoing.once('close', () => onward.destroy());
  const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
  const [[answer]] = await Promise.all([answered, pipeline(incoming, onward)]);
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  await pipeline(answer, outgoing);
}
