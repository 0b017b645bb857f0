import { describe, expect, it } from 'vitest';
import { families, signingFamilies } from '../../../services/catalog.ts';
import { jobs as jobList } from '../../../services/job-list.ts';
import { allowedTo, functionNames, propertiesOf, synthesize } from '../synthesize.ts';

const { api, jobs } = synthesize();
const functions = [api, jobs].flatMap((template) =>
  functionNames(template).map((name) => ({ name, template })),
);

const who = (can: (action: string, resource: string) => boolean) =>
  functions
    .filter(({ name, template }) =>
      allowedTo(template, name).some(({ action, resource }) => can(action, resource)),
    )
    .map(({ name }) => name);

describe('functions', () => {
  it('are those of the families and a few more', () => {
    expect(functions.map(({ name }) => name)).toEqual([
      ...families,
      'api',
      'router',
      ...jobList.map(({ name }) => name),
      'bootstrap',
    ]);
  });

  it('may send only to the queue of their own job', () => {
    const sends = functions.flatMap(({ name, template }) =>
      allowedTo(template, name)
        .filter(({ action }) => action === 'sqs:SendMessage')
        .map(({ resource }) => `${name} ${resource}`),
    );
    for (const { name } of jobList) {
      const own = sends.filter((each) => each.startsWith(`${name} `));
      expect(own).toContainEqual(expect.stringMatching(new RegExp(`"${name}QueueQ?`, 'i')));
    }
    for (const each of sends) expect(each).toMatch(new RegExp(`"${each.split(' ')[0]}Queue`, 'i'));
    expect(sends.length).toBeGreaterThan(0);
  });

  it('may delete blobs only for the sweep', () => {
    expect(who((action) => action.startsWith('s3:Delete'))).toEqual(['cleanup']);
  });

  it('may end the uploads of others only for the sweep', () => {
    expect(who((action) => action === 's3:ListBucketMultipartUploads')).toEqual(['cleanup']);
    expect(who((action) => action === 's3:ListMultipartUploadParts')).toEqual(['cleanup']);
    expect(who((action) => action === 's3:AbortMultipartUpload')).toContain('cleanup');
  });

  it('may store blobs only behind the API, and for indexes', () => {
    expect(who((action) => action === 's3:PutObject')).toEqual([...families, 'api', 'router', 'indexes']);
  });

  it('may use signing keys only where indexes are built and signed', () => {
    const signing = signingFamilies();
    const sealing = who(
      (action, resource) => action.startsWith('secretsmanager:') && resource.includes('SealingKey'),
    );
    expect(sealing).toEqual([...signing, ...(signing.length > 0 ? ['router'] : []), 'indexes']);
    const told = [api, jobs]
      .flatMap((template) => propertiesOf(template, 'AWS::Lambda::Function'))
      .flatMap(({ Environment }) => (Environment?.Variables.PACKHOUSE_SEALING_SECRET ? Environment : []));
    expect(told.map(({ Variables }) => Variables.POWERTOOLS_SERVICE_NAME)).toEqual(sealing);
  });

  it('may write the audit table only for the audit job, which may only append', () => {
    const writes = /Put|Update|Delete|Batch(Write)/;
    expect(who((action, resource) => writes.test(action) && resource.includes('AuditTable'))).toEqual([
      'audit',
    ]);
    expect(allowedTo(jobs, 'audit').filter(({ action }) => action.startsWith('dynamodb:'))).toMatchObject([
      { action: 'dynamodb:PutItem' },
      { action: 'dynamodb:PutItem' },
      { action: 'dynamodb:PutItem' },
    ]);
  });

  it('may read the audit table only for the management API', () => {
    const reads = (action: string) => /Get|Query|Scan/.test(action);
    expect(who((action, resource) => reads(action) && resource.includes('AuditTable'))).toEqual([
      'api',
      'router',
    ]);
  });

  it('may not scan a table, change one, or touch streams', () => {
    expect(who((action) => /^dynamodb:(Scan|.*Table|.*Stream|\*)/.test(action))).toEqual([]);
  });

  it('may read the root token only for the bootstrap', () => {
    expect(
      who((action, resource) => action.startsWith('secretsmanager:') && resource.includes('RootToken')),
    ).toEqual(['bootstrap']);
    expect(who((action) => /^secretsmanager:(?!GetSecretValue|DescribeSecret)/.test(action))).toEqual([]);
  });

  it('have nothing on every resource but traces', () => {
    const wide = functions.flatMap(({ name, template }) =>
      allowedTo(template, name).filter(({ resource }) => resource === '"*"'),
    );
    expect(new Set(wide.map(({ action }) => action))).toEqual(
      new Set(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']),
    );
  });
});
