import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryQueue } from '../../services/adapters/memory/memory-queue.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { describeBlobStore } from './blob-store-contract.ts';
import { describeQueue } from './queue-contract.ts';
import { describeTable } from './table-contract.ts';

async function close(): Promise<void> {}

describeTable('memory', async () => ({ table: memoryTable(), close }));
describeBlobStore('memory', async () => ({ blobs: memoryBlobStore(), close }));
describeQueue('memory', async (options) => ({ queue: memoryQueue(options), close }));
