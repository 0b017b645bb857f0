import { describeManyFiles } from './many-files-cases.ts';
import { openEmbeddedStores } from './open-stores.ts';

describeManyFiles('embedded stores', openEmbeddedStores);
