import { describeAddingFiles } from './add-files-cases.ts';
import { describeGroupDeletion } from './group-deletion-cases.ts';
import { describeGroupMoves } from './group-move-cases.ts';
import { describeManyFiles } from './many-files-cases.ts';
import { describeNames } from './names-cases.ts';
import { openEmbeddedStores, openMemoryStores } from './open-stores.ts';
import { describeProjectDeletion } from './project-deletion-cases.ts';
import { describePublishing } from './publish-cases.ts';
import { describeRacingDeletes } from './racing-deletes-cases.ts';
import { describeRemoval } from './removal-cases.ts';
import { describeReservedPaths } from './reserved-paths-cases.ts';

describePublishing('memory stores', openMemoryStores);
describePublishing('embedded stores', openEmbeddedStores);
// The deep tier runs these on a disk.
describeAddingFiles('memory stores', openMemoryStores);
describeRemoval('memory stores', openMemoryStores);
describeNames('memory stores', openMemoryStores);
describeReservedPaths('memory stores', openMemoryStores);
describeGroupDeletion('memory stores', openMemoryStores);
describeGroupMoves('memory stores', openMemoryStores);
describeProjectDeletion('memory stores', openMemoryStores);
describeManyFiles('memory stores', openMemoryStores);
describeRacingDeletes('memory stores', openMemoryStores);
