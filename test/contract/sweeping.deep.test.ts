import { openEmbeddedStores } from './open-stores.ts';
import { describeSweeping } from './sweep-cases.ts';

describeSweeping('embedded stores', openEmbeddedStores, 600);
