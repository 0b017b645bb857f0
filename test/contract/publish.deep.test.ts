import { describeGroupDeletion } from './group-deletion-cases.ts';
import { describeGroupMoves } from './group-move-cases.ts';
import { describeManyFiles } from './many-files-cases.ts';
import { openEmbeddedStores } from './open-stores.ts';
import { describeProjectDeletion } from './project-deletion-cases.ts';
import { describeRacingDeletes } from './racing-deletes-cases.ts';

describeGroupDeletion('embedded stores', openEmbeddedStores);
describeGroupMoves('embedded stores', openEmbeddedStores);
describeProjectDeletion('embedded stores', openEmbeddedStores);
describeManyFiles('embedded stores', openEmbeddedStores);
describeRacingDeletes('embedded stores', openEmbeddedStores);
