import { openMemoryStores } from './open-stores.ts';
import { describeTags } from './tag-cases.ts';

describeTags('memory stores', openMemoryStores, { many: 500 });
