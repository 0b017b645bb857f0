import { randomFillSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Budget, budgets } from '../budgets.ts';
import type { Task } from '../load/task.ts';
import type { RunningServer } from '../peers/peer.ts';
import { type Row, transferRowsOf } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { compare, type Lane, type ServerName } from './compare.ts';
import { watchMemory } from './process-use.ts';

const MB = 1024 * 1024;

/** Bytes of a file that is downloaded, and of all files together that are uploaded in parallel, in a full run. */
const DOWNLOAD = 1024 * MB;
const UPLOAD = 512 * MB;

/** Bytes of a file in a run with `--large`. */
const LARGE = 5 * 1024 * MB;

/** Where generic packages are in the project of the bench. */
const GENERIC = '/api/v4/projects/root%2Fbench/packages/generic/large/1.0.0';

/** One of the servers, and the path of its plain files. */
interface Contender {
  readonly name: ServerName;
  readonly server: RunningServer;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Downloads of a large file that is in the memory of the machine, by one client and by eight. */
export async function downloads(bench: Workbench): Promise<Row[]> {
  const size = sizeOf(bench, DOWNLOAD);
  const { server, headers } = await bench.packhouse();
  const nginx = await bench.nginx();
  const packhouse: Contender = { name: 'packhouse', server, headers, path: `${GENERIC}/download-0` };
  await bench.generator.run(uploadTo({ ...packhouse, path: `${GENERIC}/download-` }, 1, size));
  const file = join(nginx?.files ?? bench.directory, 'download');
  await writeNoise(file, size);
  const contenders: Contender[] = [packhouse];
  if (nginx) contenders.push({ name: 'nginx', server: nginx.server, path: '/download' });
  contenders.push({ name: 'bare', server: await bench.bare(), path: `/file?${encodeURIComponent(file)}` });
  const task = (contender: Contender, connections: number): Task => ({
    ...targetOf(contender),
    kind: 'repeat',
    connections,
    seconds: bench.options.seconds,
    status: 200,
  });
  const work = `download of ${titleOf(size)}`;
  const budget = budgets.download;
  return [
    ...(await measured(bench, { work, size, budget }, contenders, (contender) => task(contender, 1))),
    ...(await measured(bench, { work: `${work}, 8 in parallel`, size, budget }, contenders, (contender) =>
      task(contender, 8),
    )),
  ];
}

/** Uploads of a large file by one client, and of eight files in parallel that have the same size together. */
export async function uploads(bench: Workbench): Promise<Row[]> {
  const total = sizeOf(bench, UPLOAD);
  const { server, headers } = await bench.packhouse();
  const nginx = await bench.nginx();
  const contenders: Contender[] = [{ name: 'packhouse', server, headers, path: `${GENERIC}/upload-` }];
  if (nginx) contenders.push({ name: 'nginx', server: nginx.server, path: '/upload-' });
  contenders.push({ name: 'bare', server: await bench.bare(), path: '/upload/upload-' });
  const budget = budgets.upload;
  const measure = (work: string, connections: number, size: number) =>
    measured(bench, { work, size, budget }, contenders, (contender) =>
      uploadTo(contender, connections, size),
    );
  const part = total / 8;
  return [
    ...(await measure(`upload of ${titleOf(total)}`, 1, total)),
    ...(await measure(`upload of ${titleOf(part)}, 8 in parallel`, 8, part)),
  ];
}

function uploadTo(contender: Contender, connections: number, size: number): Task {
  return { ...targetOf(contender), kind: 'upload', connections, count: 1, size };
}

function targetOf({ server, path, headers = {} }: Contender) {
  return { host: server.host, port: server.port, path, headers };
}

/** Compares the servers, and records the peak memory of the Node programs. */
async function measured(
  { generator, options }: Workbench,
  { work, size, budget }: { readonly work: string; readonly size: number; readonly budget: Budget },
  contenders: readonly Contender[],
  task: (contender: Contender) => Task,
): Promise<Row[]> {
  const watched = new Map(contenders.map(({ name, server }) => [name, watchMemory(server.pid)]));
  const lanes = contenders.map(
    (contender): Lane => ({
      name: contender.name,
      pid: contender.server.pid,
      task: () => task(contender),
    }),
  );
  const comparison = await compare(generator, lanes, options.rounds);
  const memory = (name: ServerName) => (watched.get(name)?.() ?? Number.NaN) / MB;
  const packhouse = memory('packhouse');
  return [
    ...transferRowsOf(comparison, work, size, budget),
    {
      work: '  peak memory',
      unit: 'MB',
      packhouse,
      bare: memory('bare'),
      itself: packhouse,
      budget: budgets.transferMemory,
    },
  ];
}

function sizeOf({ options }: Workbench, full: number): number {
  return options.large ? LARGE : full * options.share;
}

function titleOf(size: number): string {
  return `${Math.round(size / MB).toLocaleString('en-US')} MB`;
}

/** Writes a file of random bytes, which no file system can compress. */
async function writeNoise(path: string, size: number): Promise<void> {
  const block = randomFillSync(Buffer.alloc(MB));
  const file = await open(path, 'w');
  for (let left = size; left > 0; left -= MB) await file.write(block, 0, Math.min(MB, left));
  await file.close();
}
