import { describeHolders } from './holder-cases.ts';
import { openMemoryStores } from './open-stores.ts';

describeHolders('memory stores', openMemoryStores);
