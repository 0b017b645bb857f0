import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyConfig, type BusboyFileStream } from '@fastify/busboy';
import { badRequest, RegistryError, tooLarge } from '../../domain/errors.ts';
import type { FormatContext } from '../access/guard.ts';
import { mendFormEnd } from './form-end.ts';
import { uploadLimit } from './read-upload.ts';
import { requestBody } from './request-body.ts';

/** Limits on a form, apart from the bytes of its files. */
export interface FormLimits {
  /** The maximum number of text fields. */
  readonly fields: number;
  /** The maximum total size of all text fields, including their names, in bytes. */
  readonly text: number;
}

/** A file in a form, and its bytes as they arrive. */
export interface FormFile {
  readonly field: string;
  /**
   * The file name in the form, including any folders; undefined for a part that is a file only by its content
   * type.
   */
  readonly fileName: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The maximum overhead of each part of a form in bytes: its boundary and its headers. */
const PART_OVERHEAD = 1024;

/** The maximum number of files in a form. */
const MAX_FILES = 10;

/**
 * Reads a form (`multipart/form-data`, RFC 7578) whose fields come in any order. Returns the values of its text
 * fields by name, and passes each file to `take` as it arrives. All calls of `take` have settled when this returns
 * or throws.
 * @throws RegistryError when the form is incomplete or over a limit; also throws what `take` throws.
 */
export async function readForm(
  c: FormatContext,
  limits: FormLimits,
  take: (file: FormFile) => Promise<void>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const limit = uploadLimit(c);
  const parser = formParser(c, {
    fileSize: limit.bytes,
    files: MAX_FILES,
    fields: limits.fields,
    fieldSize: limits.text,
  });
  const fields = new Map<string, string[]>();
  const valuesOf = (name: string) => {
    const values = fields.get(name) ?? [];
    fields.set(name, values);
    return values;
  };
  const files: BusboyFileStream[] = [];
  const pending: Promise<void>[] = [];
  let failure: unknown;
  const fail = (error: unknown) => {
    // When an upload is cut off, the parser reports an unexpected end of the form; the real cause may follow.
    if (failure === undefined || (isUnreadable(failure) && error instanceof RegistryError)) failure = error;
    for (const stream of [parser, ...files]) stream.destroy(error as Error);
  };
  let text = 0;
  // The parser calls these while it reads. Nothing would catch an error thrown here, and it would end the process.
  const guarded =
    <A extends unknown[]>(handle: (...args: A) => void) =>
    (...args: A) => {
      try {
        handle(...args);
      } catch (error) {
        fail(error);
      }
    };
  const onField = (name: string | undefined, value: string) => {
    const fieldName = requireName(name);
    text += Buffer.byteLength(fieldName) + Buffer.byteLength(value);
    if (text > limits.text)
      throw tooLarge(limits.text, ' The limit applies to all text fields of the form together.');
    valuesOf(fieldName).push(value);
  };
  const onFile = (name: string | undefined, file: BusboyFileStream, fileName: string | undefined) => {
    files.push(file);
    // The reader of the file gets the error; without a reader, the error must not end the process.
    file.on('error', () => {});
    file.on('limit', () => file.destroy(tooLarge(limit.bytes, limit.hint)));
    const taken = take({ field: requireName(name), fileName, body: file as AsyncIterable<Uint8Array> });
    // The parser can't continue until the rest of the file has been read.
    pending.push(taken.then(() => void file.resume(), fail));
  };
  parser.on('field', guarded(onField));
  parser.on('file', guarded(onFile));
  parser.on('fieldsLimit', () => fail(badRequest(`The form has more than ${limits.fields} fields`)));
  parser.on('filesLimit', () => fail(badRequest(`The form has more than ${MAX_FILES} files`)));
  const bodyBytes = limit.bytes + limits.text + PART_OVERHEAD * (limits.fields + MAX_FILES);
  const body = requestBody(c, { bytes: bodyBytes, hint: limit.hint, statedBytes: limit.bytes });
  try {
    await pipeline(Readable.from(mendFormEnd(body, contentTypeOf(c))), parser);
  } catch (error) {
    fail(error);
  }
  await Promise.all(pending);
  if (failure !== undefined) throw toRegistryError(failure);
  return fields;
}

/** Checks that a part has a name: the parser also passes on parts without one. */
function requireName(name: string | undefined): string {
  if (name === undefined) throw badRequest('A part of the form has no name');
  return name;
}

/** Creates a parser for the request's form. @throws RegistryError when the content type is not that of a form. */
function formParser(c: FormatContext, limits: BusboyConfig['limits'] & object): InstanceType<typeof Busboy> {
  try {
    return new Busboy({ headers: { 'content-type': contentTypeOf(c) }, preservePath: true, limits });
  } catch (error) {
    throw toRegistryError(error);
  }
}

function contentTypeOf(c: FormatContext): string {
  return c.req.header('content-type') ?? '';
}

function toRegistryError(error: unknown): unknown {
  return isUnreadable(error) ? badRequest(`The form can't be read: ${error.message}`) : error;
}

/** Whether the parser could not read the form: it then throws a plain `Error`. */
function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Error' && !('code' in error);
}
