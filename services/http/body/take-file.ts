import { badRequest } from '../../domain/errors.ts';
import type { StagedBlob } from '../../domain/packages.ts';
import { discardUnless } from '../../registry/blobs/stage-blob.ts';
import type { FormatContext } from '../access/guard.ts';
import { type FormFile, readForm } from './read-form.ts';
import { readUpload } from './read-upload.ts';

/** Limits on a form, apart from its one file. */
const FORM_LIMITS = { fields: 100, text: 1 << 20 };

/**
 * Streams the one file of a request into the blob store and passes it to `use`. The file is the body or, when the
 * body is a form, the file in the field `field` (without `field`, the first file). The rest of the form is
 * ignored. When the upload or `use` fails, the stored file is discarded.
 * @throws RegistryError when there is no file, or it is incomplete or over a limit
 */
export async function takeFile<T>(
  c: FormatContext,
  use: (blob: StagedBlob) => Promise<T>,
  field?: string,
): Promise<T> {
  const staged: StagedBlob[] = [];
  return discardUnless(c.env.registry, staged, async () => use(await stageFile(c, staged, field)));
}

async function stageFile(
  c: FormatContext,
  staged: StagedBlob[],
  field: string | undefined,
): Promise<StagedBlob> {
  if (isForm(c)) {
    let found = false;
    await readForm(c, FORM_LIMITS, async (file: FormFile) => {
      if (found || (field !== undefined && file.field !== field)) return;
      found = true;
      staged.push((await readUpload(c, { body: file.body })).blob);
    });
  } else {
    staged.push((await readUpload(c)).blob);
  }
  const [blob] = staged;
  if (!blob) throw badRequest(`${field ?? 'file'} is missing`);
  return blob;
}

function isForm(c: FormatContext): boolean {
  return /^multipart\/form-data\b/i.test(c.req.header('content-type') ?? '');
}
