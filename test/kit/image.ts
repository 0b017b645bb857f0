import { chmodSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IgnoreStrategy } from 'aws-cdk-lib';
import { type RunningCommand, startProgram } from './run-packhouse.ts';

const root = resolve(import.meta.dirname, '../..');

/** The contents of a Dockerfile, as far as the one of this repository uses them. */
export interface Image {
  readonly from: string;
  readonly workdir: string;
  readonly copies: readonly {
    readonly source: string;
    readonly target: string;
    readonly mode: number;
    /** User and group; undefined for root. */
    readonly owner: string | undefined;
  }[];
  readonly volumes: readonly string[];
  /** The command that checks the health of a container. */
  readonly health: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly stopSignal: string;
  readonly ports: readonly string[];
  /** Entry point and command, one after the other. */
  readonly command: readonly string[];
}

/** Reads the Dockerfile; throws for an instruction that the tests cannot carry out, such as RUN. */
export function readImage(text = readFileSync(join(root, 'Dockerfile'), 'utf8')): Image {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim());
  const all = lines.flatMap((line) => {
    const [, instruction, rest] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? [];
    if (line !== '' && (instruction === undefined || !known.includes(instruction))) {
      throw new Error(`the tests do not know what this line of the Dockerfile does: ${line}`);
    }
    return instruction === undefined || rest === undefined ? [] : [{ instruction, rest }];
  });
  const every = (name: string) => all.filter((line) => line.instruction === name).map(({ rest }) => rest);
  const only = (name: string) => {
    const [value, ...more] = every(name);
    if (value === undefined || more.length > 0) throw new Error(`the Dockerfile needs one ${name}`);
    return value;
  };
  return {
    from: only('FROM'),
    workdir: only('WORKDIR'),
    copies: every('COPY').map(readCopy),
    env: Object.fromEntries(every('ENV').flatMap(readPairs)),
    user: only('USER'),
    stopSignal: only('STOPSIGNAL'),
    ports: every('EXPOSE'),
    volumes: every('VOLUME'),
    health: JSON.parse(only('HEALTHCHECK').replace(/^(?:--\S+ )*CMD /, '')),
    command: [...JSON.parse(only('ENTRYPOINT')), ...JSON.parse(only('CMD'))],
  };
}

const known = [
  'FROM',
  'WORKDIR',
  'COPY',
  'ENV',
  'USER',
  'STOPSIGNAL',
  'EXPOSE',
  'VOLUME',
  'HEALTHCHECK',
  'ENTRYPOINT',
  'CMD',
];

function readCopy(text: string) {
  const [, owner, mode, source, target] =
    /^(?:--chown=(\d+:\d+) )?--chmod=([0-7]{3}) (\S+) (\S+)$/.exec(text) ?? [];
  if (mode === undefined || source === undefined || target === undefined) {
    throw new Error(`the tests do not know this COPY of the Dockerfile: ${text}`);
  }
  return { source, target, mode: Number.parseInt(mode, 8), owner };
}

function readPairs(text: string): (readonly [string, string])[] {
  return text.split(/\s+/).map((pair) => {
    const [name = '', value = ''] = pair.split('=');
    return [name, value] as const;
  });
}

/**
 * Writes into `folder` the files that the image adds to its base: those that the COPY lines name in the repository,
 * except those that `.dockerignore` excludes. Throws when a line copies what is not there, as a build would.
 */
export function layOut(image: Image, folder: string): void {
  const patterns = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  const ignored = IgnoreStrategy.docker(root, patterns);
  for (const { source, target, mode } of image.copies) {
    const base = join(root, source);
    if (!existsSync(base) || ignored.completelyIgnores(base)) {
      throw new Error(`the Dockerfile copies ${source}, where the build finds nothing`);
    }
    mkdirSync(join(folder, resolve(image.workdir, target)), { recursive: true });
    const files = globSync('**', { cwd: base }).filter((file) => statSync(join(base, file)).isFile());
    const included = files.filter((file) => !ignored.ignores(join(base, file)));
    for (const file of included) {
      const path = join(folder, resolve(image.workdir, target), file);
      mkdirSync(join(path, '..'), { recursive: true });
      cpSync(join(base, file), path);
      chmodSync(path, mode);
    }
  }
}

/**
 * Runs the image that was laid out in `folder`, with the environment of the image and `env`, on the Node of the tests
 * (the image must have the same). There is no folder for temporary files, as in the deployed service.
 */
export function startImage(
  image: Image,
  folder: string,
  env: Readonly<Record<string, string>>,
): RunningCommand {
  return startIn(image, folder, image.command, env);
}

/** Runs the health check of the image as in a container that was started with `env`. */
export function checkHealth(
  image: Image,
  folder: string,
  env: Readonly<Record<string, string>>,
): RunningCommand {
  return startIn(image, folder, image.health, env);
}

function startIn(
  image: Image,
  folder: string,
  [program, ...parameters]: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningCommand {
  if (program !== 'node') throw new Error(`the image starts ${program}, which the tests do not have`);
  return startProgram(parameters, {
    cwd: join(folder, image.workdir),
    env: { ...image.env, TMPDIR: '/dev/null', HOME: '/nonexistent', ...env },
  });
}
