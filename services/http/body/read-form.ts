import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyConfig, type BusboyFileStream } from '@fastify/busboy';
import { badRequest, RegistryError, tooLarge } from '../../domain/errors.ts';
import type { FormatContext } from '../access/guard.ts';
import { mendFormEnd } from './form-end.ts';
import { uploadLimit } from './read-upload.ts';
import { requestBody } from './request-body.ts';

/** What a form may have beside the bytes of its files. */
export interface FormLimits {
  /** The most text fields. */
  readonly fields: number;
  /** The most bytes of all text fields together, their names included. */
  readonly text: number;
}

/** A file of a form, and its bytes as they come in. */
export interface FormFile {
  readonly field: string;
  /** What it is called there, with any folders; undefined for one that only its content type makes a file. */
  readonly fileName: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The most bytes of the lines around each part of a form: its boundary and its headers. */
const PART_OVERHEAD = 1024;

/** The most files of a form. */
const MAX_FILES = 10;

/**
 * Reads a form (`multipart/form-data`, RFC 7578), its fields in any order: answers the values of its text fields by
 * name, and gives each file to `take` as it comes in. Nothing that `take` has begun goes on after this has ended.
 * @throws RegistryError when the form is not whole or over a limit, and what `take` throws.
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
  const taking: Promise<void>[] = [];
  let failure: unknown;
  const fail = (error: unknown) => {
    // When an upload breaks off, the parser says that the form ends too soon: the cause may come after it.
    if (failure === undefined || (isUnreadable(failure) && error instanceof RegistryError)) failure = error;
    for (const stream of [parser, ...files]) stream.destroy(error as Error);
  };
  let text = 0;
  // The parser calls these while it reads: what one throws would be nobody's, and end the process.
  const guarded =
    <A extends unknown[]>(handle: (...given: A) => void) =>
    (...given: A) => {
      try {
        handle(...given);
      } catch (error) {
        fail(error);
      }
    };
  const onField = (name: string | undefined, value: string) => {
    const known = named(name);
    text += Buffer.byteLength(known) + Buffer.byteLength(value);
    if (text > limits.text) throw tooLarge(limits.text, ' It counts the text fields of the form together.');
    valuesOf(known).push(value);
  };
  const onFile = (name: string | undefined, file: BusboyFileStream, fileName: string | undefined) => {
    files.push(file);
    // Whoever reads the file gets the error; one that nobody reads must not end the process.
    file.on('error', () => {});
    file.on('limit', () => file.destroy(tooLarge(limit.bytes, limit.hint)));
    const taken = take({ field: named(name), fileName, body: file as AsyncIterable<Uint8Array> });
    // What is left unread would keep the parser from going on.
    taking.push(taken.then(() => void file.resume(), fail));
  };
  parser.on('field', guarded(onField));
  parser.on('file', guarded(onFile));
  parser.on('fieldsLimit', () => fail(badRequest(`The form has more than ${limits.fields} fields`)));
  parser.on('filesLimit', () => fail(badRequest(`The form has more than ${MAX_FILES} files`)));
  const whole = limit.bytes + limits.text + PART_OVERHEAD * (limits.fields + MAX_FILES);
  const body = requestBody(c, { bytes: whole, hint: limit.hint, told: limit.bytes });
  try {
    await pipeline(Readable.from(mendFormEnd(body, contentTypeOf(c))), parser);
  } catch (error) {
    fail(error);
  }
  await Promise.all(taking);
  if (failure !== undefined) throw inWords(failure);
  return fields;
}

/** The name of a part; the parser hands on what comes without one as well. */
function named(name: string | undefined): string {
  if (name === undefined) throw badRequest('A part of the form has no name');
  return name;
}

/** A parser of the request's form. @throws RegistryError when its headers describe no form. */
function formParser(c: FormatContext, limits: BusboyConfig['limits'] & object): InstanceType<typeof Busboy> {
  try {
    return new Busboy({ headers: { 'content-type': contentTypeOf(c) }, preservePath: true, limits });
  } catch (error) {
    throw inWords(error);
  }
}

function contentTypeOf(c: FormatContext): string {
  return c.req.header('content-type') ?? '';
}

function inWords(error: unknown): unknown {
  return isUnreadable(error) ? badRequest(`The form can't be read: ${error.message}`) : error;
}

/** The parser calls everything it can't read a plain `Error`. */
function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Error' && !('code' in error);
}
