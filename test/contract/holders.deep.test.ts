import { describeHolders } from './holder-cases.ts';
import { openEmbeddedStores } from './open-stores.ts';

describeHolders('embedded stores', openEmbeddedStores);
