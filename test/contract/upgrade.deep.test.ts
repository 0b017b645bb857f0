import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { describeUpgrades } from './upgrade-cases.ts';
import { describeOwnerUpgrades } from './upgrade-owner-cases.ts';

for (const describeOn of [describeUpgrades, describeOwnerUpgrades]) {
  describeOn('embedded stores', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'packhouse-upgrade-'));
    const stores = await openEmbedded(folder);
    return { stores, close: () => stores.close().then(() => rm(folder, { recursive: true })) };
  });
}
