import { inject } from 'vitest';
import { describeDownloads } from './download-cases.ts';

describeDownloads(() => inject('registry'), false);
