import { describeLists } from './list-cases.ts';
import { openMemoryStores } from './open-stores.ts';

describeLists('memory stores', openMemoryStores);
