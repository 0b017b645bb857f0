import type { NpmClient } from '../npm-client.ts';
import { bun } from './bun.ts';
import { npm10, npm11, npm12 } from './npm.ts';
import { pnpm10, pnpm11, pnpm12 } from './pnpm.ts';
import { yarn } from './yarn.ts';
import { yarnClassic } from './yarn-classic.ts';

/** The newest of each package manager of the npm family. */
export const newestClients: readonly NpmClient[] = [npm12, pnpm12, yarn, yarnClassic, bun];

/** Older releases that people still have. */
export const olderClients: readonly NpmClient[] = [npm11, npm10, pnpm11, pnpm10];

/** Every package manager of the npm family that the tests run. */
export const npmClients: readonly NpmClient[] = [...newestClients, ...olderClients];
