import { jobs } from '../../job-list.ts';
import { jobWorker } from '../job-worker.ts';
import { required } from './environment.ts';
import { openFunction } from './open-registry.ts';
import { queueHandler } from './queue-handler.ts';

const name = required(process.env, 'PACKHOUSE_JOB');
const job = jobs.find((each) => each.name === name);
if (!job) throw new Error(`Unknown job ${name}.`);
const { registry, queue } = openFunction({
  deletesBlobs: job.rights.some((right) => right === 'delete-blobs'),
  queueUrl: required(process.env, 'PACKHOUSE_JOB_QUEUE'),
  formats: async () => (await import('../families/all.ts')).allFormats,
});

/** Runs the job named in the environment: the functions of all jobs share this code. */
export const handler = queueHandler(
  jobWorker(registry, job, (body) => queue.send([body])),
  (bodies) => queue.send(bodies),
);
