import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { functionEntries } from '../../../lib/bundles.ts';
import { families } from '../../../services/catalog.ts';
import { jobs } from '../../../services/job-list.ts';
import { functionNames, propertiesOf, synthesize, synthesizeIngest, synthesizeOther } from '../synthesize.ts';

const templates = synthesizeIngest();
const all: Template[] = Object.values(templates);

/** Our own functions, without the one that the CDK adds for look-ups. */
const functionsOf = (template: Template) =>
  propertiesOf(template, 'AWS::Lambda::Function').filter(({ Environment }) => Environment);

describe('every stack', () => {
  it('has a log group with a retention for each function', () => {
    for (const template of all) {
      const groups = propertiesOf(template, 'AWS::Logs::LogGroup');
      for (const group of groups) expect(group.RetentionInDays).toBe(90);
      for (const lambda of propertiesOf(template, 'AWS::Lambda::Function')) {
        expect(lambda.LoggingConfig).toMatchObject({ LogGroup: { Ref: expect.any(String) } });
      }
      for (const lambda of functionsOf(template)) expect(lambda.LoggingConfig.LogFormat).toBe('JSON');
    }
  });

  it('runs functions on Node 24 and arm64, without tracing, which no code makes use of', () => {
    for (const template of all) {
      for (const lambda of functionsOf(template)) {
        expect(lambda).toMatchObject({
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
        });
        expect(lambda.TracingConfig).toBeUndefined();
      }
    }
  });

  it('shares no physical name with a second stage in the account', () => {
    const named =
      /^(Function|Table|Bucket|Queue|Topic|Role|LogGroup|Policy|Secret|Rule|Cluster|Service)?Name$|^Family$/;
    const other = synthesizeOther();
    for (const [stack, template] of Object.entries(templates)) {
      for (const [id, { Type, Properties }] of Object.entries(template.toJSON().Resources as Resources)) {
        for (const [property, value] of Object.entries(Properties ?? {})) {
          if (!named.test(property) || Type === 'AWS::IAM::Policy' || typeof value !== 'string') continue;
          const twin = other[stack as keyof typeof other].toJSON().Resources[id];
          expect(value, `${Type} ${property}`).not.toBe(twin?.Properties[property]);
        }
      }
    }
  });
});

describe('a stage without ingest', () => {
  it('has no network stack and no ingest stack', () => {
    expect(Object.keys(synthesize())).toEqual(['data', 'api', 'jobs', 'operations']);
    expect(Object.keys(templates)).toEqual(['data', 'network', 'api', 'jobs', 'ingest', 'operations']);
  });

  it('has the same data stack as a stage with ingest', () => {
    const resources = (template: Template) => template.toJSON().Resources;
    expect(resources(templates.data)).toEqual(resources(synthesize().data));
  });
});

describe('functions', () => {
  it('have an entry each, and no entry is unused', () => {
    const isJob = (name: string) => jobs.some((job) => job.name === name);
    const entries = [...all, synthesizeOther().data]
      .flatMap(functionNames)
      .map((name) => (isJob(name) ? 'job' : name));
    expect(functionEntries().sort()).toEqual([...new Set(entries)].sort());
  });

  it('exist for every family', () => {
    expect(functionNames(templates.api)).toEqual(expect.arrayContaining([...families]));
  });
});

type Resources = Record<string, { Type: string; Properties?: Record<string, unknown> }>;
