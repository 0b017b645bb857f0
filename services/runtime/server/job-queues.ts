import { type JobName, jobs } from '../../job-list.ts';

/** The URLs of an SQS queue and its dead-letter queue. */
interface JobQueueUrls {
  readonly url: string;
  readonly deadLetterUrl: string;
}

/** The SQS queues of the jobs that a server runs, by job. */
export type JobQueues = Readonly<Partial<Record<JobName, JobQueueUrls>>>;

/**
 * Parses `audit https://sqs.../audit https://sqs.../audit-dead, cleanup ...`: for each job its name, and the URLs
 * of its queue and dead-letter queue.
 * @throws TypeError with what is expected
 */
export function readJobQueues(text: string): JobQueues {
  const entries = text.split(',').map((entry): [JobName, JobQueueUrls] => {
    const [name, url, deadLetterUrl, ...rest] = entry.trim().split(/\s+/);
    const job = jobs.find((each) => each.name === name);
    if (!job) throw new TypeError(`must name one of the jobs ${jobs.map((each) => each.name).join(', ')}`);
    if (!isUrl(url) || !isUrl(deadLetterUrl) || rest.length > 0) {
      throw new TypeError(`must have the URLs of the queue and the dead-letter queue of ${job.name}`);
    }
    return [job.name, { url, deadLetterUrl }];
  });
  if (new Set(entries.map(([name]) => name)).size < entries.length) throw new TypeError('names a job twice');
  return Object.fromEntries(entries);
}

function isUrl(text: string | undefined): text is string {
  return text !== undefined && URL.canParse(text) && /^https?:/.test(text);
}
