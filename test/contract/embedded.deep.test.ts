import { openInFolder } from './open-embedded.ts';
import { describeTable } from './table-contract.ts';

describeTable('embedded, with a tiny cache', () => openInFolder(2000));
describeTable('embedded, as audit table', async () => {
  const { audit, close } = await openInFolder(0);
  return { table: audit, close };
});
