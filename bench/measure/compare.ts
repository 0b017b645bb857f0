import type { Generator } from '../load/generator.ts';
import type { Task } from '../load/task.ts';
import type { Peer } from '../peers/peer.ts';
import { median } from './median.ts';
import { cpuOf } from './process-use.ts';

/** The servers that are measured. */
export type ServerName = 'packhouse' | 'verdaccio' | 'bare' | 'nginx';

/** The name of a registry in a comparison. */
export function laneName({ name }: Pick<Peer, 'name'>): 'packhouse' | 'verdaccio' {
  return name === 'Packhouse' ? 'packhouse' : 'verdaccio';
}

/** Work that is measured, most often the same for each of the servers. */
export interface Lane<Name extends string = ServerName> {
  readonly name: Name;
  readonly pid: number;
  /** The task of a round; round 0 warms up. */
  task(round: number): Task;
}

/** One run of a lane. */
export interface Sample {
  /** Requests a second. */
  readonly rate: number;
  /** Processor time of the server per request, in microseconds. */
  readonly cpu: number;
  /** Median time of a request in milliseconds. */
  readonly p50: number;
}

/** All runs of all lanes: `samples[round]` of each lane were taken right after another. */
export type Comparison<Name extends string = ServerName> = Partial<Record<Name, readonly Sample[]>>;

/**
 * Runs the lanes one at a time, in several rounds of alternating order, so that other load on the machine affects all
 * of them equally. The other servers are idle meanwhile and use nothing.
 */
export async function compare<Name extends string>(
  generator: Generator,
  lanes: readonly Lane<Name>[],
  rounds: number,
): Promise<Comparison<Name>> {
  const samples: Partial<Record<Name, Sample[]>> = {};
  for (const lane of lanes) await generator.run(lane.task(0));
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? lanes : [...lanes].reverse();
    for (const lane of order) {
      samples[lane.name] ??= [];
      samples[lane.name]?.push(await sample(generator, lane, round));
    }
  }
  return samples;
}

async function sample(generator: Generator, lane: Lane<string>, round: number): Promise<Sample> {
  let before = 0;
  const { requests, seconds, p50 } = await generator.run(lane.task(round), () => {
    before = cpuOf(lane.pid);
  });
  return { rate: requests / seconds, cpu: (cpuOf(lane.pid) - before) / requests, p50 };
}

/** The median of one figure of a lane, or undefined if it was not measured. */
export function figure<Name extends string>(
  comparison: Comparison<Name>,
  name: Name,
  of: keyof Sample,
): number | undefined {
  const samples = comparison[name];
  return samples && median(samples.map((each) => each[of]));
}

/** A figure of one lane divided by that of another: the median of the ratios round by round. */
export function ratio<Name extends string>(
  comparison: Comparison<Name>,
  [name, other]: readonly [Name, Name],
  of: keyof Sample,
): number | undefined {
  const [samples, otherSamples] = [comparison[name], comparison[other]];
  if (!samples || !otherSamples) return undefined;
  return median(samples.map((each, round) => each[of] / (otherSamples[round]?.[of] ?? Number.NaN)));
}
