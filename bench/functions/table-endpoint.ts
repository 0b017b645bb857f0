import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromWireItem, toWireItem, type WireItem } from '../../services/adapters/aws/dynamodb-values.ts';
import type { TableReader } from '../../services/ports/table.ts';

interface TableServer {
  readonly url: string;
  stop(): void;
}

/** Serves a table by the reads of DynamoDB's protocol, so that a function can read it. */
export async function serveTable(table: TableReader): Promise<TableServer> {
  const server = createServer(async (request, response) => {
    try {
      const answer = await answerOf(table, request);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answer, inBase64));
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ __type: 'ValidationException', message: `${error}` }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answerOf(table: TableReader, request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const input = JSON.parse(Buffer.concat(chunks).toString());
  const operation = String(request.headers['x-amz-target']).split('.')[1];
  if (operation === 'GetItem') {
    const item = await itemAt(table, input.Key);
    return item ? { Item: item } : {};
  }
  if (operation === 'BatchGetItem') {
    const [[name, requested]] = Object.entries(input.RequestItems) as [[string, { Keys: WireItem[] }]];
    const items = await Promise.all(requested.Keys.map((key) => itemAt(table, key)));
    return { Responses: { [name]: items.filter((item) => item) }, UnprocessedKeys: {} };
  }
  throw new Error(`the bench does not support ${operation}`);
}

async function itemAt(table: TableReader, key: WireItem): Promise<WireItem | undefined> {
  const { pk, sk } = fromWireItem(key);
  const item = await table.get({ pk, sk });
  return item && toWireItem(item);
}

/** Bytes as the protocol sends them: `JSON.stringify` would write a `Uint8Array` number by number. */
function inBase64(this: Record<string, unknown>, name: string, value: unknown): unknown {
  return this[name] instanceof Uint8Array ? Buffer.from(this[name]).toString('base64') : value;
}
