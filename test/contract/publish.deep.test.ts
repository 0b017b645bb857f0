import { describeManyFiles } from './many-files-cases.ts';
import { openEmbeddedStores } from './open-stores.ts';
import { describeRacingDeletes } from './racing-deletes-cases.ts';

describeManyFiles('embedded stores', openEmbeddedStores);
describeRacingDeletes('embedded stores', openEmbeddedStores);
