import { describe } from 'vitest';
import { describeKills } from './cases/kills.ts';
import { describeStalls } from './cases/stalls.ts';
import { describeTransfers, largeSize } from './cases/transfers.ts';
import { oneMachine } from './host.ts';
import { processesHidden } from './process-memory.ts';

const MIB = 1024 ** 2;

describe.skipIf(processesHidden)(`one machine${processesHidden ? ` (${processesHidden})` : ''}`, () => {
  // The largest size of a generic file.
  describeTransfers(largeSize(5), oneMachine, [['sent by the server']]);
  describeKills(oneMachine);
  describeStalls(oneMachine, { readers: 1000, bytes: 16 * MIB, memory: 250 * MIB, flags: [] });
});
