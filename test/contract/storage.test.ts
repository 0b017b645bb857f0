import { describeChecks } from './check-cases.ts';
import { openMemoryStores } from './open-stores.ts';
import { describeSweeping } from './sweep-cases.ts';

describeSweeping('memory stores', openMemoryStores, 1200);
// The deep tier runs these on a disk.
describeChecks('memory stores', openMemoryStores);
