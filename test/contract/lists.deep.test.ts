import { describeLists } from './list-cases.ts';
import { openEmbeddedStores } from './open-stores.ts';

describeLists('embedded stores', openEmbeddedStores);
