import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** The proxy of a network that has some hosts of its own, and no way out. */
export interface NameProxy {
  readonly url: string;
  /** The addresses of requests for other hosts, which it refused. */
  readonly refused: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts a proxy for clients that are configured with `HTTP_PROXY` and `HTTPS_PROXY`. It passes requests for the hosts that
 * are keys of `hosts`, over HTTP, on to the servers at their values, with the `Host` that the client has sent.
 */
export async function startNameProxy(hosts: Readonly<Record<string, string>> = {}): Promise<NameProxy> {
  const refused: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    const { host, pathname, search } = new URL(url, 'http://unknown.test');
    const target = hosts[host];
    if (target === undefined) {
      refused.push(`${method} ${url}`);
      outgoing.writeHead(502).end();
      return;
    }
    const { hostname, port } = new URL(target);
    const passed = request({ hostname, port, method, path: pathname + search, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.statusMessage, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  // Yarn asks for a tunnel, also to hosts without TLS.
  server.on('connect', ({ url = '' }, socket: Socket, head: Buffer) => {
    const target = hosts[url.replace(/:80$/, '')];
    if (target === undefined) {
      refused.push(`CONNECT ${url}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(target);
    const tunnel = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      tunnel.write(head);
      socket.pipe(tunnel).pipe(socket);
    });
    for (const [one, other] of [
      [socket, tunnel],
      [tunnel, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
