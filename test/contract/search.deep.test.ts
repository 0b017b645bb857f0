import { openEmbeddedStores } from './open-stores.ts';
import { describeSearch } from './search-cases.ts';

describeSearch('embedded stores', openEmbeddedStores);
