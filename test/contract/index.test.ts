import { describeIndexes } from './index-cases.ts';
import { openMemoryStores } from './open-stores.ts';

describeIndexes('memory stores', openMemoryStores);
