import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { z } from 'zod';
import { badRequest, RegistryError } from '../../domain/errors.ts';
import type { FormatContext } from '../../http/access/guard.ts';
import { readBody } from '../../http/body/request-body.ts';
import { parseJson } from '../../shared/json/parse-json.ts';

/** The most values in a small body. */
const LIMITS = { values: 10_000 };

const decompress = promisify(gunzip);

/** Reads a small JSON body, gzipped or not. @param limit the most bytes, unpacked */
export async function readJson(c: FormatContext, limit: number): Promise<unknown> {
  let bytes = await readBody(c, { bytes: limit, hint: '' });
  if (isGzip(bytes)) bytes = await unpacked(bytes, limit);
  try {
    return parseJson(bytes.toString(), LIMITS);
  } catch (error) {
    throw badRequest(`The request body is not valid JSON: ${(error as Error).message}`);
  }
}

/** Looks at the bytes, not at `Content-Encoding`: a gateway may unpack the body and keep the header. */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function unpacked(bytes: Buffer, limit: number): Promise<Buffer> {
  try {
    return await decompress(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new RegistryError('bodyTooLarge', `The request body unpacks to more than ${limit} bytes`);
    }
    throw badRequest('The request body is not valid gzip data');
  }
}

/** Parses a value with a schema. @throws RegistryError `invalidRequest` naming the first invalid field. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') || 'the document';
  throw badRequest(`The request body is invalid at ${where}: ${issue?.message}`);
}
