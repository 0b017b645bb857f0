import { cpus, loadavg, totalmem } from 'node:os';
import { functions } from './measure/functions.ts';
import { lists } from './measure/lists.ts';
import { mavenMetadata } from './measure/maven.ts';
import { nugetIndexes } from './measure/nuget.ts';
import { growth, largePackuments, smallPackuments } from './measure/packuments.ts';
import { publishes } from './measure/publishes.ts';
import { pypiPages } from './measure/pypi.ts';
import { starts } from './measure/starts.ts';
import { tarballs } from './measure/tarballs.ts';
import { downloads, uploads } from './measure/transfers.ts';
import { trips } from './measure/trips.ts';
import { readOptions, usage } from './options.ts';
import { type Row, tableOf } from './report.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** The measurements by their names for `--only`, in the order in which they are made. */
const measurements: Readonly<Record<string, (bench: Workbench) => Promise<Row[]>>> = {
  'packument-10': smallPackuments,
  'packument-500': largePackuments,
  growth,
  maven: mavenMetadata,
  pypi: pypiPages,
  nuget: nugetIndexes,
  tarball: tarballs,
  publish: publishes,
  download: downloads,
  upload: uploads,
  start: starts,
  trips,
  lists,
  function: functions,
};

/** Makes the measurements and prints their results. */
async function run(flags: string[]): Promise<void> {
  const options = readOptions(flags);
  const selected = options?.only ?? [];
  const unknown = selected.filter((name) => !(name in measurements));
  if (!options || unknown.length > 0) {
    process.stdout.write(`${usage}\nMeasurements: ${Object.keys(measurements).join(', ')}\n`);
    process.exitCode = unknown.length > 0 ? 2 : 0;
    return;
  }
  process.stdout.write(`${machine()}\n`);
  const bench = await openWorkbench(options);
  const rows: Row[] = [];
  try {
    for (const [name, measure] of Object.entries(measurements)) {
      if (selected.length > 0 && !selected.includes(name)) continue;
      process.stderr.write(`measuring ${name} ...\n`);
      rows.push(...(await measure(bench)));
    }
  } finally {
    await bench.close();
  }
  process.stdout.write(`\n${tableOf(rows)}\n`);
}

function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const busy = loadavg()[0]?.toFixed(1);
  return `${date}, Node ${process.version}, ${cpus().length} cores (${first?.model}), ${memory} GB, load ${busy} before the run`;
}

await run(process.argv.slice(2));
