/** Opens the data directory named on the command line, takes a message that it never finishes, and keeps running. */
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';

const opened = await openEmbedded(process.argv[2] ?? '');
const queue = opened.queue('work', { retryAfter: 0, maxAttempts: 3 });
await queue.send(['work']);
setInterval(() => {}, 60_000);
await queue.consume(async () => {
  process.stdout.write('taken\n');
  await new Promise(() => {});
}, new AbortController().signal);
