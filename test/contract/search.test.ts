import { openMemoryStores } from './open-stores.ts';
import { describeSearch } from './search-cases.ts';

describeSearch('memory stores', openMemoryStores);
