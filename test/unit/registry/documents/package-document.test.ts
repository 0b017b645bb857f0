import { expect, test, vi } from 'vitest';
import type { PackageHead } from '../../../../services/domain/packages.ts';
import { jsonPage } from '../../../../services/formats/pypi/read/simple-page.ts';
import { documentCache } from '../../../../services/registry/documents/document-cache.ts';
import { BASE } from '../../../../services/registry/documents/package-document.ts';
import { entityOf } from '../../../../services/registry/records/entities.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { startPypi } from '../../../kit/pypi-registry.ts';
import { wheel } from '../../../kit/python-package.ts';

test('what one process has rendered and stored another sends at its own address', async () => {
  const pypi = await startPypi();
  await pypi.upload(wheel());
  const [file] = (await pypi.page()).files;
  const ref = { projectId: pypi.tools.id, format: 'pypi', name: 'sample' };
  const item = await pypi.registry.table.get(keys.head(ref));
  if (!item || !file) throw new Error('nothing is there');
  vi.resetModules();
  const other = await import('../../../../services/registry/documents/package-document.ts');
  expect(other.BASE).not.toBe(BASE);
  const rendered = vi.fn(jsonPage.render);
  const document = await other.packageDocument(
    { ...pypi.registry, documents: documentCache(1e6) },
    [entityOf<PackageHead>(item)],
    { ...jsonPage, render: rendered },
    'https://other.test/$&',
  );
  const page = JSON.parse(Buffer.from(document.identity).toString()) as { files: { url: string }[] };
  expect(page.files[0]?.url).toBe(`https://other.test/$&${file.url.slice(file.url.indexOf('/files/'))}`);
  expect(rendered).not.toHaveBeenCalled();
});
