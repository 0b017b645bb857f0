import { describe, expect, it } from 'vitest';
import { families, signingFamilies } from '../../../services/catalog.ts';
import { jobs as jobList } from '../../../services/job-list.ts';
import { accountAttributes, partitions } from '../../../services/registry/records/partitions.ts';
import { allowedTo, functionNames, propertiesOf, statementsOf, synthesize } from '../synthesize.ts';

const { api, jobs } = synthesize();
const functions = [api, jobs].flatMap((template) =>
  functionNames(template).map((name) => ({ name, template })),
);

/** The names of the functions that have a matching permission. */
const functionsThat = (can: (action: string, resource: string) => boolean) =>
  functions
    .filter(({ name, template }) =>
      allowedTo(template, name).some(({ action, resource }) => can(action, resource)),
    )
    .map(({ name }) => name);

describe('functions', () => {
  it('exist for the families, the API, the router, the jobs and the bootstrap', () => {
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

  it('do not delete blobs, except in the cleanup job', () => {
    expect(functionsThat((action) => action.startsWith('s3:Delete'))).toEqual(['cleanup']);
  });

  it('do not list and abort the multipart uploads of others, except in the cleanup job', () => {
    expect(functionsThat((action) => action === 's3:ListBucketMultipartUploads')).toEqual(['cleanup']);
    expect(functionsThat((action) => action === 's3:ListMultipartUploadParts')).toEqual(['cleanup']);
    expect(functionsThat((action) => action === 's3:AbortMultipartUpload')).toContain('cleanup');
  });

  it('store blobs only behind the API and in the index job', () => {
    expect(functionsThat((action) => action === 's3:PutObject')).toEqual([
      ...families,
      'api',
      'router',
      'indexes',
    ]);
  });

  it('use the sealing key only where indexes are built and signed', () => {
    const signing = signingFamilies();
    const sealing = functionsThat(
      (action, resource) => action.startsWith('secretsmanager:') && resource.includes('SealingKey'),
    );
    expect(sealing).toEqual([...signing, ...(signing.length > 0 ? ['router'] : []), 'indexes']);
    const configured = [api, jobs]
      .flatMap((template) => propertiesOf(template, 'AWS::Lambda::Function'))
      .flatMap(({ Environment }) => (Environment?.Variables.PACKHOUSE_SEALING_SECRET ? Environment : []));
    expect(configured.map(({ Variables }) => Variables.POWERTOOLS_SERVICE_NAME)).toEqual(sealing);
  });

  it('do not write the audit table, except in the audit job, which may only append', () => {
    const writes = /Put|Update|Delete|Batch(Write)/;
    expect(
      functionsThat((action, resource) => writes.test(action) && resource.includes('AuditTable')),
    ).toEqual(['audit']);
    expect(allowedTo(jobs, 'audit').filter(({ action }) => action.startsWith('dynamodb:'))).toMatchObject([
      { action: 'dynamodb:PutItem' },
      { action: 'dynamodb:PutItem' },
      { action: 'dynamodb:PutItem' },
    ]);
  });

  it('do not read the audit table, except for the management API', () => {
    const reads = (action: string) => /Get|Query|Scan/.test(action);
    expect(functionsThat((action, resource) => reads(action) && resource.includes('AuditTable'))).toEqual([
      'api',
      'router',
    ]);
  });

  it('write users, groups, paths and tokens only in the API, the router, the cleanup, the downloads and the bootstrap', () => {
    const writers = functions.filter(({ name, template }) =>
      statementsOf(template, name).some(
        ({ Action, Resource, Condition }) =>
          /dynamodb:(Put|Update|Delete)Item/.test(JSON.stringify(Action)) &&
          JSON.stringify(Resource).includes('RegistryTable') &&
          !Condition,
      ),
    );
    expect(writers.map(({ name }) => name)).toEqual(['api', 'router', 'cleanup', 'downloads', 'bootstrap']);
  });

  it('write only partitions of packages, and no members and records of projects, where formats are served and packages are indexed', () => {
    for (const [template, name] of [
      ...families.map((family) => [api, family] as const),
      [jobs, 'search'] as const,
      [jobs, 'indexes'] as const,
    ]) {
      const conditions = statementsOf(template, name).flatMap(({ Action, Condition }) =>
        /dynamodb:PutItem/.test(JSON.stringify(Action)) ? [Condition] : [],
      );
      expect([name, conditions]).toEqual([
        name,
        [
          {
            'ForAllValues:StringLike': {
              'dynamodb:LeadingKeys': partitions.packages.map((start) => start.replace(/#$/, '#*')),
            },
            'ForAllValues:StringNotEquals': { 'dynamodb:Attributes': [...accountAttributes] },
          },
        ],
      ]);
    }
  });

  it('cannot scan or alter tables or read their streams', () => {
    expect(functionsThat((action) => /^dynamodb:(Scan|.*Table|.*Stream|\*)/.test(action))).toEqual([]);
  });

  it('cannot read or replace the root token, except for the bootstrap, nor change other secrets', () => {
    expect(
      functionsThat(
        (action, resource) => action.startsWith('secretsmanager:') && resource.includes('RootToken'),
      ),
    ).toEqual(['bootstrap']);
    expect(
      functionsThat(
        (action, resource) =>
          /^secretsmanager:(?!GetSecretValue|DescribeSecret)/.test(action) &&
          !(action === 'secretsmanager:PutSecretValue' && resource.includes('RootToken')),
      ),
    ).toEqual([]);
  });

  it('have no permission on all resources', () => {
    const wide = functions.flatMap(({ name, template }) =>
      allowedTo(template, name).filter(({ resource }) => resource === '"*"'),
    );
    expect(wide).toEqual([]);
  });
});
