import { describe } from 'vitest';
import { ministackMissing } from '../kit/ministack.ts';
import { describeKills } from './cases/kills.ts';
import { describeStalls } from './cases/stalls.ts';
import { describeTransfers, largeSize } from './cases/transfers.ts';
import { ministackHost } from './host.ts';
import { processesHidden } from './process-memory.ts';

const MIB = 1024 ** 2;
const proxied = ['--proxy-download', 'true'];
const reason = ministackMissing ?? processesHidden;

describe.skipIf(reason)(`a server on DynamoDB and S3${reason ? ` (${reason})` : ''}`, () => {
  // The emulator needs three times as much memory as the file has; with 5 GiB it needs 16 GiB.
  describeTransfers(largeSize(1), ministackHost, [
    ['redirected to the bucket'],
    ['sent by the server', ...proxied],
  ]);
  describeKills(ministackHost);
  // The emulator makes a copy of the file for every reader. A reader needs two connections, and so more memory than one of a file.
  describeStalls(ministackHost, { readers: 1000, bytes: 8 * MIB, memory: 400 * MIB, flags: proxied });
});
