import { describeIndexes } from './index-cases.ts';
import { openEmbeddedStores } from './open-stores.ts';

describeIndexes('embedded stores', openEmbeddedStores);
