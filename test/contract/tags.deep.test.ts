import { openEmbeddedStores } from './open-stores.ts';
import { describeTags } from './tag-cases.ts';

describeTags('embedded stores', openEmbeddedStores, { many: 20_000 });
