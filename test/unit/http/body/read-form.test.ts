import { Hono } from 'hono';
import { beforeEach, describe, expect, test } from 'vitest';
import { badRequest } from '../../../../services/domain/errors.ts';
import { newTrace } from '../../../../services/domain/request-trace.ts';
import { generic } from '../../../../services/formats/generic/format.ts';
import { renderError } from '../../../../services/http/answer/render-error.ts';
import { type FormFile, type FormLimits, readForm } from '../../../../services/http/body/read-form.ts';
import type { Format, FormatEnv } from '../../../../services/http/format/format.ts';
import { listen } from '../../../../services/runtime/server/node-server.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});

/** A handler for the files of a form. */
type Take = (file: FormFile) => Promise<void>;

const BOUNDARY = 'x-boundary';

function part(name: string, content: string, fileName?: string): string {
  const file = fileName === undefined ? '' : `; filename="${fileName}"`;
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
}

const END = `--${BOUNDARY}--\r\n`;

/** A part with neither a name nor a file name. */
const nameless = (type = '') => `--${BOUNDARY}\r\nContent-Disposition: form-data\r\n${type}\r\nv\r\n`;
const OCTETS = 'Content-Type: application/octet-stream\r\n';

/** A route that reads a form. */
function reading(
  { limits, take = async () => {} }: { limits?: Partial<FormLimits>; take?: Take } = {},
  done = (_: ReadonlyMap<string, readonly string[]>) => {},
) {
  const server = new Hono<FormatEnv>();
  server.post('/', async (c) => {
    done(await readForm(c, { fields: 100, text: 10_000, ...limits }, take));
    return c.text('done');
  });
  server.onError((error, c) => renderError(c, error));
  return server;
}

function bindings(fileLimit = 1e6): FormatEnv['Bindings'] {
  const format: Format = { ...generic, fileLimit };
  return {
    registry: app.registry,
    format,
    requestId: 'test',
    trace: newTrace(),
  } as unknown as FormatEnv['Bindings'];
}

/** Sends a form to a route that reads it; returns the fields, the files, and the answer. */
async function send(
  body: string | ReadableStream,
  options: { limits?: Partial<FormLimits>; fileLimit?: number; take?: Take; type?: string } = {},
) {
  const { fileLimit = 1e6, type = `multipart/form-data; boundary=${BOUNDARY}` } = options;
  const files: Record<string, string> = {};
  let fields: unknown;
  const keep: Take = async ({ field, fileName, body: content }) => {
    const parts: Uint8Array[] = [];
    for await (const bytes of content) parts.push(bytes);
    files[`${field}: ${fileName}`] = Buffer.concat(parts).toString();
  };
  const server = reading({ ...options, take: options.take ?? keep }, (read) => {
    fields = Object.fromEntries(read);
  });
  const init = { method: 'POST', headers: { 'content-type': type }, body, duplex: 'half' } as RequestInit;
  const answer = await server.request('/', init, bindings(fileLimit));
  return { status: answer.status, text: await answer.text(), fields, files };
}

function inChunks(text: string, size = 7): ReadableStream {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= text.length) return controller.close();
      controller.enqueue(Buffer.from(text.slice(at, at + size)));
      at += size;
    },
  });
}

describe('a form', () => {
  const form = `${part('a', '1')}${part('file', 'bytes', 'dir/ä.txt')}${part('a', 'zwei ü')}${part('b', '')}${END}`;

  test.each([
    ['in one piece', form],
    ['in small chunks', inChunks(form)],
  ])('is read with its parts in any order, sent %s', async (_, body) => {
    const { status, fields, files } = await send(body);
    expect(status).toBe(200);
    expect(fields).toEqual({ a: ['1', 'zwei ü'], b: [''] });
    expect(files).toEqual({ 'file: dir/ä.txt': 'bytes' });
  });

  test('can contain a file without a file name, recognized by its content type', async () => {
    const body = `${part('f', 'bytes').replace('\r\n\r\n', `\r\n${OCTETS}\r\n`)}${END}`;
    expect((await send(body)).files).toEqual({ 'f: undefined': 'bytes' });
  });

  test('is read to its end after a file that the handler does not read', async () => {
    const body = inChunks(`${part('file', 'x'.repeat(500_000), 'a')}${part('a', '1')}${END}`, 10_000);
    const { status, fields } = await send(body, { take: async () => {} });
    expect([status, fields]).toEqual([200, { a: ['1'] }]);
  });

  test.each<[string, number, string, string, Parameters<typeof send>[1]]>([
    ['another content type', 400, "The form can't be read", 'x', { type: 'text/plain' }],
    ['an empty body', 400, "The form can't be read", '', {}],
    ['a form truncated in a field', 400, "The form can't be read", part('a', '1').slice(0, -5), {}],
    ['a form truncated in a file', 400, "The form can't be read", part('f', '1', 'a').slice(0, -3), {}],
    ['too many fields', 400, 'more than 2 fields', form + END, { limits: { fields: 2 } }],
    ['too much text', 413, '100 bytes', `${part('a', 'x'.repeat(101))}${END}`, { limits: { text: 100 } }],
    [
      'too much text in total',
      413,
      '100 bytes',
      `${part('a', 'x'.repeat(60)).repeat(2)}${END}`,
      { limits: { text: 100 } },
    ],
    [
      'a file that is too large',
      413,
      '10 bytes',
      `${part('f', 'x'.repeat(11), 'a')}${END}`,
      { fileLimit: 10 },
    ],
    ['a part without a name', 400, 'has no name', `${nameless()}${part('f', 'x', 'a')}${END}`, {}],
    ['a file without a name', 400, 'has no name', `${part('a', '1')}${nameless(OCTETS)}${END}`, {}],
    ['too many files', 400, 'more than 10 files', `${part('f', 'x', 'a').repeat(11)}${END}`, {}],
  ])('is rejected: %s', async (_, status, message, body, options) => {
    const answer = await send(body, options);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(message)]);
    expect(app.errors).toEqual([]);
  });

  test('fails with the error of its file handler, even if it is thrown synchronously', async () => {
    const take = () => {
      throw badRequest('not this one');
    };
    const answer = await send(`${part('f', 'x', 'a')}${END}`, { take });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('not this one')]);
  });

  test('is rejected without crashing the server if a part has no name', async () => {
    const port = { host: '127.0.0.1', port: 0 };
    const server = await listen(async (request) => reading().fetch(request, bindings()), port);
    try {
      for (const type of ['', OCTETS]) {
        const answer = await fetch(`http://127.0.0.1:${server.port}/`, {
          method: 'POST',
          headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
          body: `${nameless(type)}${END}`,
        });
        expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('has no name')]);
      }
    } finally {
      await server.stop();
    }
  });

  test('is not read further when a file is refused', async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(Buffer.from(pulled++ === 0 ? part('f', '', 'a').slice(0, -2) : 'x'.repeat(1000)));
      },
    });
    const take: Take = async ({ body }) => {
      for await (const bytes of body) if (bytes.byteLength > 0) throw new Error('refused');
    };
    expect((await send(endless, { take })).status).toBe(400);
    expect(pulled).toBeLessThan(200);
  });

  test('stops its file handler when the connection is lost', async () => {
    const begun: string[] = [];
    const take: Take = async ({ fileName, body }) => {
      try {
        for await (const bytes of body) begun.push(`${fileName} ${bytes.byteLength}`);
      } finally {
        begun.push('ended');
      }
    };
    let pulled = 0;
    const broken = new ReadableStream({
      pull(controller) {
        if (begun.length > 0) controller.error(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
        else controller.enqueue(Buffer.from(pulled++ === 0 ? part('f', '', 'a').slice(0, -2) : 'some'));
      },
    });
    const { status, text } = await send(broken, { take });
    expect([status, text]).toEqual([400, expect.stringContaining('ended early')]);
    expect(begun.at(-1)).toBe('ended');
  });
});
