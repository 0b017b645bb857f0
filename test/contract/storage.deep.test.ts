import { describeChecks } from './check-cases.ts';
import { openEmbeddedStores } from './open-stores.ts';

describeChecks('embedded stores', openEmbeddedStores);
