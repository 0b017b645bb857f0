import { describeChecks } from './check-cases.ts';
import { openEmbeddedStores, openMemoryStores } from './open-stores.ts';
import { describeSweeping } from './sweep-cases.ts';

describeSweeping('memory stores', openMemoryStores, 1200);
describeChecks('memory stores', openMemoryStores);
describeChecks('embedded stores', openEmbeddedStores);
