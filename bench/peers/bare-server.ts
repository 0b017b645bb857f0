/**
 * Shows what this machine and Node can do: an HTTP server that does the least work that sends the same bytes, without
 * a registry.
 *
 * - `PUT /memory<path>` keeps the body and its headers; `GET /memory<path>` sends them from memory, or 304.
 * - `GET /file?<path>` streams a file.
 * - `PUT /publish/<name>` reads npm's publish body and makes its tarball durable.
 * - `PUT /upload/<name>` streams the body into a file and makes it durable.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [directory = '.', port = '0'] = process.argv.slice(2);
const algorithms = ['md5', 'sha1', 'sha256', 'sha512'];

const kept = new Map<string, { readonly headers: Record<string, string>; readonly body: Buffer }>();
let uploads = 0;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function sendKept(request: IncomingMessage, response: ServerResponse, path: string): void {
  const document = kept.get(path);
  if (!document) return void response.writeHead(404, { 'content-length': '0' }).end();
  const { etag } = document.headers;
  if (etag && request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  response.writeHead(200, document.headers).end(document.body);
}

async function keep(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const body = await bodyOf(request);
  const headers: Record<string, string> = { 'content-length': String(body.byteLength) };
  for (const name of ['content-type', 'x-content-encoding', 'x-etag']) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name.replace('x-', '')] = value;
  }
  kept.set(path, { headers, body });
  response.writeHead(201, { 'content-length': '0' }).end();
}

async function sendFile(response: ServerResponse, path: string): Promise<void> {
  const { size } = await stat(path);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': String(size) });
  createReadStream(path).pipe(response);
}

/** The work a registry must do for a publish: read the body, compute the digests, and make the bytes durable. */
async function publish(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { _attachments } = JSON.parse((await bodyOf(request)).toString());
  const [attachment] = Object.values(_attachments) as { readonly data: string }[];
  const bytes = Buffer.from(attachment?.data ?? '', 'base64');
  const digests = algorithms.map((name) => createHash(name).update(bytes).digest('hex'));
  const upload = join(directory, `upload-${++uploads}`);
  const file = await open(upload, 'wx');
  await file.writeFile(bytes);
  await file.datasync();
  await file.close();
  await rename(upload, join(directory, digests[2] ?? ''));
  const answer = JSON.stringify({ digests });
  response.writeHead(201, { 'content-length': String(answer.length) }).end(answer);
}

/** The same for a body of any size: it is hashed while it is written. */
async function upload(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  const path = join(directory, `upload-${++uploads}`);
  const file = createWriteStream(path, { flags: 'wx', flush: true });
  await pipeline(request, (body: AsyncIterable<Buffer>) => hashed(body, hashes), file);
  await rename(path, join(directory, name));
  const answer = JSON.stringify({ digests: hashes.map((hash) => hash.digest('hex')) });
  response.writeHead(201, { 'content-length': String(answer.length) }).end(answer);
}

async function* hashed(body: AsyncIterable<Buffer>, hashes: readonly Hash[]): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    for (const hash of hashes) hash.update(chunk);
    yield chunk;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/' } = request;
  if (url.startsWith('/memory')) {
    return method === 'PUT' ? keep(request, response, url) : sendKept(request, response, url);
  }
  if (url.startsWith('/file?')) return sendFile(response, decodeURIComponent(url.slice(6)));
  if (url.startsWith('/publish/') && method === 'PUT') return publish(request, response);
  if (url.startsWith('/upload/') && method === 'PUT') return upload(request, response, basename(url));
  response.writeHead(404, { 'content-length': '0' }).end();
}

await mkdir(directory, { recursive: true });
createServer({ keepAliveTimeout: 65_000, noDelay: true }, (request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
}).listen(Number(port), '127.0.0.1');
