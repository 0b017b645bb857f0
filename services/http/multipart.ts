import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyConfig, type BusboyFileStream } from '@fastify/busboy';
import { badRequest, RegistryError, tooLarge } from '../domain/errors.ts';
import { mendFormEnd } from './form-end.ts';
import type { FormatContext } from './guard.ts';
import { uploadLimit } from './read-upload.ts';
import { requestBody } from './request-body.ts';

/** Bytes that a form may have beside its file. */
const FORM_OVERHEAD = 1 << 20;

/** Whether the request's body is a form with files. */
export function isMultipart(c: FormatContext): boolean {
  return /^multipart\/form-data\b/i.test(c.req.header('content-type') ?? '');
}

/**
 * The bytes of the file field `field` of a form, or of its first file, as they come in. Other fields are passed over.
 */
export async function* multipartFile(c: FormatContext, field?: string): AsyncGenerator<Uint8Array> {
  const limit = uploadLimit(c);
  const output = new PassThrough();
  let seen = false;
  const parser = formParser(c, { fileSize: limit.bytes, files: 10, fields: 100, fieldSize: FORM_OVERHEAD });
  parser.on('file', (name: string, file: BusboyFileStream) => {
    file.on('limit', () => output.destroy(tooLarge(limit.bytes, limit.hint)));
    file.on('error', (error: Error) => output.destroy(unreadable(error)));
    if ((field !== undefined && name !== field) || seen) {
      file.resume();
      return;
    }
    seen = true;
    file.pipe(output);
  });
  parser.on('finish', () => {
    if (!seen) output.destroy(badRequest(`${field ?? 'file'} is missing`));
  });
  const { bytes, hint } = limit;
  const body = requestBody(c, { bytes: bytes + FORM_OVERHEAD, hint, told: bytes });
  const form = mendFormEnd(body, c.req.header('content-type') ?? '');
  const stop = new AbortController();
  const reading = pipeline(Readable.from(form), parser, { signal: stop.signal });
  reading.catch((error: Error) => output.destroy(error instanceof RegistryError ? error : unreadable(error)));
  try {
    yield* output as AsyncIterable<Uint8Array>;
  } finally {
    // Whoever takes no more of the file wants no more of the request.
    stop.abort();
  }
}

/** A parser of the request's form. @throws RegistryError `invalidRequest` when its headers describe no form. */
export function formParser(c: FormatContext, limits: BusboyConfig['limits']): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { 'content-type': c.req.header('content-type') ?? '' },
      preservePath: true,
      ...(limits && { limits }),
    });
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(error: unknown): RegistryError {
  return badRequest(`the form can't be read: ${(error as Error).message}`);
}
