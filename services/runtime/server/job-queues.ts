import { type JobName, jobs } from '../../job-list.ts';

/** A queue on SQS and its dead letters. */
interface JobQueueUrls {
  readonly url: string;
  readonly deadLetterUrl: string;
}

/** The queues on SQS of the jobs that a server does, by job. */
export type JobQueues = Readonly<Partial<Record<JobName, JobQueueUrls>>>;

/**
 * Reads `audit https://sqs.../audit https://sqs.../audit-dead, cleanup ...`: for each job its name, and the URLs of its
 * queue and of its dead letters. Throws with what is expected.
 */
export function readJobQueues(text: string): JobQueues {
  const entries = text.split(',').map((entry): [JobName, JobQueueUrls] => {
    const [name, url, deadLetterUrl, ...rest] = entry.trim().split(/\s+/);
    const job = jobs.find((each) => each.name === name);
    if (!job) throw new TypeError(`has no job of the list ${jobs.map((each) => each.name).join(', ')}`);
    if (!isUrl(url) || !isUrl(deadLetterUrl) || rest.length > 0) {
      throw new TypeError(`must give ${job.name} the URL of its queue and that of its dead letters`);
    }
    return [job.name, { url, deadLetterUrl }];
  });
  if (new Set(entries.map(([name]) => name)).size < entries.length) throw new TypeError('names a job twice');
  return Object.fromEntries(entries);
}

function isUrl(text: string | undefined): text is string {
  return text !== undefined && URL.canParse(text) && /^https?:/.test(text);
}
