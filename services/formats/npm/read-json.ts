import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { z } from 'zod';
import { badRequest, RegistryError } from '../../domain/errors.ts';
import type { FormatContext } from '../../http/access/guard.ts';
import { requestBody } from '../../http/body/request-body.ts';

const decompress = promisify(gunzip);

/** The JSON of a small request body: at most `limit` bytes, counted unpacked where they come gzipped. */
export async function readJson(c: FormatContext, limit: number): Promise<unknown> {
  const parts: Uint8Array[] = [];
  for await (const part of requestBody(c, { bytes: limit, hint: '' })) parts.push(part);
  let bytes: Buffer = Buffer.concat(parts);
  if (isGzip(bytes)) bytes = await unpacked(bytes, limit);
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw badRequest(`The request is not JSON: ${(error as Error).message}`);
  }
}

/** By the bytes, not by `Content-Encoding`: a gateway may have unpacked the body and left the header. */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function unpacked(bytes: Buffer, limit: number): Promise<Buffer> {
  try {
    return await decompress(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new RegistryError('bodyTooLarge', `The request unpacks to more than ${limit} bytes`);
    }
    throw badRequest('The request is not gzip data');
  }
}

/** A value checked against a schema; what does not fit is named. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') || 'the document';
  throw badRequest(`The request has a wrong shape at ${where}: ${issue?.message}`);
}
