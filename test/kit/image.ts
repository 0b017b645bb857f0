import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IgnoreStrategy } from 'aws-cdk-lib';
import { type RunningCommand, startProgram } from './run-packhouse.ts';

const root = resolve(import.meta.dirname, '../..');

/** What a Dockerfile says, as far as the one of this repository goes. */
export interface Image {
  readonly from: string;
  readonly workdir: string;
  readonly copies: readonly { readonly source: string; readonly target: string; readonly mode: number }[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly stopSignal: string;
  readonly ports: readonly string[];
  /** Entry point and command, one after the other. */
  readonly command: readonly string[];
}

/** Reads the Dockerfile; throws at an instruction that the tests could not carry out, such as RUN. */
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
    command: [...JSON.parse(only('ENTRYPOINT')), ...JSON.parse(only('CMD'))],
  };
}

const known = ['FROM', 'WORKDIR', 'COPY', 'ENV', 'USER', 'STOPSIGNAL', 'EXPOSE', 'ENTRYPOINT', 'CMD'];

function readCopy(text: string) {
  const [, mode, source, target] = /^--chmod=([0-7]{3}) (\S+) (\S+)$/.exec(text) ?? [];
  if (mode === undefined || source === undefined || target === undefined) {
    throw new Error(`the tests do not know this COPY of the Dockerfile: ${text}`);
  }
  return { source, target, mode: Number.parseInt(mode, 8) };
}

function readPairs(text: string): (readonly [string, string])[] {
  return text.split(/\s+/).map((pair) => {
    const [name = '', value = ''] = pair.split('=');
    return [name, value] as const;
  });
}

/**
 * Makes in `folder` the files of the image above its base: what the COPY lines name in the repository, but for what
 * `.dockerignore` keeps from the build. Throws when a line copies nothing, as a build would.
 */
export function layOut(image: Image, folder: string): void {
  const patterns = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  const ignored = IgnoreStrategy.docker(root, patterns);
  for (const { source, target, mode } of image.copies) {
    const base = join(root, source);
    const files = globSync('**', { cwd: base }).filter((file) => statSync(join(base, file)).isFile());
    const wanted = files.filter((file) => !ignored.ignores(join(base, file)));
    if (wanted.length === 0)
      throw new Error(`the Dockerfile copies ${source}, where the build finds nothing`);
    for (const file of wanted) {
      const path = join(folder, resolve(image.workdir, target), file);
      mkdirSync(join(path, '..'), { recursive: true });
      cpSync(join(base, file), path);
      chmodSync(path, mode);
    }
  }
}

/**
 * Runs the image that was laid out in `folder`, with the environment of the image and what is given, on the Node of
 * the tests (the image must have the same). There is no folder for temporary files, as where the service runs it.
 */
export function startImage(
  image: Image,
  folder: string,
  env: Readonly<Record<string, string>>,
): RunningCommand {
  const [program, ...parameters] = image.command;
  if (program !== 'node') throw new Error(`the image starts ${program}, which the tests do not have`);
  return startProgram(parameters, {
    cwd: join(folder, image.workdir),
    env: { ...image.env, TMPDIR: '/dev/null', HOME: '/nonexistent', ...env },
  });
}
