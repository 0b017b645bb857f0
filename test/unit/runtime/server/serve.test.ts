import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import manifest from '../../../../package.json' with { type: 'json' };
import { openEmbedded } from '../../../../services/adapters/embedded/open-embedded.ts';
import { recordHome } from '../../../../services/registry/maintenance/migrate/storage-home.ts';
import { serve } from '../../../../services/runtime/server/serve.ts';
import { readSettings } from '../../../../services/runtime/server/settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packhouse-serve-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function start(...flags: string[]) {
  const printed: string[] = [];
  const settings = readSettings(['--port', '0', '--data-dir', folder, ...flags], {});
  const serving = await serve(settings, (text) => printed.push(text), { isTerminal: true });
  return { ...serving, printed: () => printed.join('') };
}

/** Starts a server whose output nobody watches. */
async function startUnwatched(...flags: string[]) {
  const printed: string[] = [];
  const settings = readSettings(['--port', '0', '--data-dir', folder, ...flags], {});
  const serving = await serve(settings, (text) => printed.push(text));
  /** Each line that was printed, as JSON. */
  const lines = () =>
    printed
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { ...serving, lines, printed: () => printed.join('') };
}

const whoami = (url: string, token: string) =>
  fetch(`${url}/api/v4/user`, { headers: { 'private-token': token } }).then((answer) => answer.status);

describe('serving from one machine', () => {
  test('the first start creates a root token and prints it once; later starts keep it', async () => {
    const first = await start();
    const token = first.rootToken ?? '';
    expect(first.printed()).toContain(token);
    expect(first.printed()).toContain(`Packhouse ${manifest.version} is ready at ${first.url}`);
    expect(await whoami(first.url, token)).toBe(200);
    await first.stop();
    const second = await start();
    expect(second.rootToken).toBeUndefined();
    expect(second.printed()).not.toContain(token);
    expect(await whoami(second.url, token)).toBe(200);
    await second.stop();
  });

  test('a root token from the settings replaces the previous one, and is not printed', async () => {
    const [one, two] = ['first-root-token-0001', 'second-root-token-002'];
    const first = await start('--root-token', one);
    expect(await whoami(first.url, one)).toBe(200);
    expect(first.printed()).not.toContain(one);
    await first.stop();
    const second = await start('--root-token', two);
    expect(await whoami(second.url, one)).toBe(401);
    expect(await whoami(second.url, two)).toBe(200);
    await second.stop();
  });

  test('without a terminal the output is JSON alone, and a new root token is in a file for its owner', async () => {
    const first = await startUnwatched();
    const path = join(folder, 'root-token');
    const token = (await readFile(path, 'utf8')).trim();
    expect(await whoami(first.url, token)).toBe(200);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(first.printed()).not.toContain(token);
    await first.stop();
    const messages = first.lines().map(({ message }) => message);
    expect(messages).toEqual([
      'server starting',
      'root token written to a file',
      'server started',
      'server stopping',
      'server stopped',
    ]);
    expect(first.lines()[0]).toMatchObject({ version: manifest.version, node: process.version });
    expect(first.lines()[1]).toMatchObject({ path });
    expect(first.lines()[2]).toMatchObject({ url: first.url, storage: folder });
    const second = await startUnwatched();
    expect((await readFile(path, 'utf8')).trim()).toBe(token);
    await second.stop();
    expect(second.lines()).toHaveLength(4);
  });

  test('a token that cannot be written into the file is not made', async () => {
    await mkdir(join(folder, 'root-token', 'in-the-way'), { recursive: true });
    await expect(startUnwatched()).rejects.toThrow('root-token');
    await rm(join(folder, 'root-token'), { recursive: true });
    const serving = await startUnwatched();
    expect(await whoami(serving.url, serving.rootToken ?? '')).toBe(200);
    await serving.stop();
  });

  test('a terminal gets the token in the greeting, and no file', async () => {
    const serving = await start();
    await expect(stat(join(folder, 'root-token'))).rejects.toThrow('ENOENT');
    await serving.stop();
    expect(serving.printed()).toContain('"message":"server stopped"');
  });

  test('a new data directory is closed to other users, and an open one is reported', async () => {
    const directory = join(folder, 'made', 'here');
    const closed = await startUnwatched('--data-dir', directory);
    await closed.stop();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(closed.printed()).not.toContain('other users');
    await chmod(directory, 0o755);
    const open = await startUnwatched('--data-dir', directory);
    await open.stop();
    expect(open.lines()).toContainEqual(
      expect.objectContaining({
        message: 'other users may read the data directory',
        mode: '0755',
        path: directory,
      }),
    );
  });

  test('a revoked root token is replaced by a new one at the next start', async () => {
    const first = await start();
    const headers = { 'private-token': first.rootToken ?? '' };
    await fetch(`${first.url}/api/v4/personal_access_tokens/self`, { method: 'DELETE', headers });
    await first.stop();
    const second = await start();
    expect(await whoami(second.url, first.rootToken ?? '')).toBe(401);
    expect(await whoami(second.url, second.rootToken ?? '')).toBe(200);
    await second.stop();
  });

  test('a root token that was rotated is not replaced', async () => {
    const first = await start();
    const headers = { 'private-token': first.rootToken ?? '' };
    const rotated = await fetch(`${first.url}/api/v4/personal_access_tokens/self/rotate`, {
      method: 'POST',
      headers,
    });
    const { token } = (await rotated.json()) as { token: string };
    await first.stop();
    const second = await start();
    expect([second.rootToken, await whoami(second.url, token)]).toEqual([undefined, 200]);
    await second.stop();
  });

  test('a root token of the settings that was revoked stays revoked, which is logged', async () => {
    const token = 'first-root-token-0001';
    const first = await start('--root-token', token);
    const headers = { 'private-token': token };
    await fetch(`${first.url}/api/v4/personal_access_tokens/self`, { method: 'DELETE', headers });
    await first.stop();
    const second = await start('--root-token', token);
    expect(await whoami(second.url, token)).toBe(401);
    expect(second.printed()).toContain('the root token of the settings has been revoked');
    await second.stop();
  });

  test('the external address comes from the settings', async () => {
    const serving = await start('--url', 'https://packages.example.com/');
    expect(serving.url).toBe('https://packages.example.com');
    await serving.stop();
  });

  test.each(['0.0.0.0', '::', '0', '0:0::0'])(
    'a server that listens on all addresses (%s) does not start without a URL',
    async (host) => {
      await expect(start('--host', host)).rejects.toThrow('set it with --url (PACKHOUSE_URL)');
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('blobs can be in a separate directory, which one server uses at a time', async () => {
    const blobs = join(folder, 'elsewhere');
    const token = 'root-token-0123456789';
    const serving = await start('--blob-dir', blobs, '--root-token', token);
    expect(serving.printed()).toContain(`Packages are stored in file://${blobs}, with records in ${folder}`);
    const init = { method: 'POST', headers: { 'private-token': token } };
    await fetch(`${serving.url}/api/v4/projects?name=tools`, init);
    const url = `${serving.url}/api/v4/projects/root%2Ftools/packages/generic/a/1/f`;
    await fetch(url, { method: 'PUT', headers: { 'private-token': token }, body: 'bytes' });
    expect(await (await fetch(url, { headers: { 'private-token': token } })).text()).toBe('bytes');
    expect(await readdir(join(blobs, 'blobs', 'blobs'))).toHaveLength(1);
    await expect(start('--data-dir', join(folder, 'other'), '--blob-dir', blobs)).rejects.toThrow('in use');
    await serving.stop();
    await expect(start()).rejects.toThrow(`the blobs are in file://${blobs}, not in local`);
  });

  test('a second server on the same data directory is refused', async () => {
    const serving = await start();
    await expect(start()).rejects.toThrow('in use by another server');
    await serving.stop();
  });

  test('a server that would miss blobs at its storage location does not start, and closes its port', async () => {
    const stores = await openEmbedded(folder);
    await recordHome(stores.table, { location: 's3://packages' });
    await stores.close();
    await expect(start()).rejects.toThrow('the blobs are in s3://packages, not in local');
    await expect(start()).rejects.toThrow('the blobs are in s3://packages, not in local');
  });

  test('an upload that is refused by its headers gets no 100 Continue', async () => {
    const serving = await start('--root-token', 'root-token-0123456789');
    const events = await new Promise<string[]>((resolve, reject) => {
      const seen: string[] = [];
      const upload = request(`${serving.url}/api/v4/projects/1/packages/generic/a/1/f`, {
        method: 'PUT',
        headers: { expect: '100-continue', 'content-length': 1_000_000 },
      });
      upload.on('continue', () => seen.push('continue'));
      upload.on('response', (response) => {
        seen.push(String(response.statusCode), String(response.headers.connection));
        response.resume();
        response.on('end', () => resolve(seen));
      });
      upload.on('error', reject);
      upload.flushHeaders();
    });
    expect(events).toEqual(['401', 'close']);
    await serving.stop();
  });

  test('a server that is shutting down is not ready, accepts no connections, and finishes the upload under way', async () => {
    const token = 'root-token-0123456789';
    const serving = await start('--root-token', token, '--drain-seconds', '1');
    const headers = { 'private-token': token, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'tools' });
    const made = await fetch(`${serving.url}/api/v4/projects`, { method: 'POST', headers, body });
    const { id } = (await made.json()) as { id: number };
    const upload = openConnection(serving.port);
    const path = `/api/v4/projects/${id}/packages/generic/a/1.0/f`;
    upload.write(
      `PUT ${path} HTTP/1.1\r\nhost: x\r\nprivate-token: ${token}\r\ncontent-length: 8\r\n\r\nhalf`,
    );
    const check = openConnection(serving.port);
    check.write('GET /-/readiness HTTP/1.1\r\nhost: x\r\n');
    // Both requests are under way before the server is stopped.
    await fetch(`${serving.url}/-/readiness`).then((answer) => expect(answer.status).toBe(200));

    const stopped = serving.stop();
    check.write('\r\n');
    expect(await check.answer).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\nconnection: close\r\n[\s\S]*draining/i);
    await refused(serving.port);
    upload.write('half');
    // If the server kept this connection open for another request, it could not stop.
    expect(await upload.answer).toMatch(/^HTTP\/1.1 201 /);
    await stopped;
  });

  test('a server with --make-root false leaves the root user to another process', async () => {
    const serving = await start('--make-root', 'false', '--root-token', 'root-token-0123456789');
    expect(serving.rootToken).toBeUndefined();
    expect(await whoami(serving.url, 'root-token-0123456789')).toBe(401);
    await serving.stop();
  });
});

/** A connection for raw requests; `answer` is everything received until the server closed it. */
function openConnection(port: number) {
  const socket = connect(port, '127.0.0.1');
  const answer = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
    });
    socket.once('close', () => resolve(text)).once('error', reject);
  });
  return { answer, write: (text: string) => socket.write(text) };
}

/** Resolves once connections to the port are refused. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const refusal = await new Promise((resolve) => {
      socket.once('connect', () => resolve(undefined)).once('error', resolve);
    });
    socket.destroy();
    if (refusal) return;
  }
}
