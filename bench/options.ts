import { parseArgs } from 'node:util';

/** The options of a run of the bench. */
export interface Options {
  /** Names of the measurements to make; all when empty. */
  readonly only: readonly string[];
  /** How often each server is measured. */
  readonly rounds: number;
  /** Seconds of each measurement of reads. */
  readonly seconds: number;
  /** Share of the publishes of a full run, and of the size of its large files. */
  readonly share: number;
  /** Whether packages of 10,000 versions are measured too, and large files have 5 GB. */
  readonly large: boolean;
}

/** How the command is used. */
export const usage = `Usage: npm run bench -- [--quick] [--large] [--only <name>]...

  --quick        fewer and shorter runs: for quick feedback during changes
  --large        also measures a package of 10,000 versions, and transfers files of 5 GB
  --only <name>  makes only this measurement; may be given several times
`;

/** Reads the command line. */
export function readOptions(flags: string[]): Options | undefined {
  const { values } = parseArgs({
    args: flags,
    options: {
      quick: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const size = values.quick ? { rounds: 3, seconds: 0.7, share: 0.25 } : { rounds: 5, seconds: 2, share: 1 };
  return { ...size, only: values.only, large: values.large };
}
