import { generic } from './generic.ts';
import { maven } from './maven.ts';
import { npm } from './npm.ts';
import { nuget } from './nuget.ts';
import { pypi } from './pypi.ts';
import type { Sample } from './sample.ts';

/** A sample of every format of the catalog; a format without one fails the fleet. */
export const samples: readonly Sample[] = [generic, npm, maven, pypi, nuget];
