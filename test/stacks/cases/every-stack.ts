import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { functionEntries } from '../../../lib/bundles.ts';
import { families } from '../../../services/catalog.ts';
import { jobs } from '../../../services/job-list.ts';
import { functionNames, propertiesOf, synthesize, synthesizeIngest } from '../synthesize.ts';

const templates = synthesizeIngest();
const all: Template[] = Object.values(templates);

/** Functions are ours, but for the one by which CDK looks something up. */
const functionsOf = (template: Template) =>
  propertiesOf(template, 'AWS::Lambda::Function').filter(({ Environment }) => Environment);

describe('every stack', () => {
  it('has its own log group, with an end, for each function', () => {
    for (const template of all) {
      const groups = propertiesOf(template, 'AWS::Logs::LogGroup');
      for (const group of groups) expect(group.RetentionInDays).toBe(90);
      for (const made of propertiesOf(template, 'AWS::Lambda::Function')) {
        expect(made.LoggingConfig).toMatchObject({ LogGroup: { Ref: expect.any(String) } });
      }
      for (const made of functionsOf(template)) expect(made.LoggingConfig.LogFormat).toBe('JSON');
    }
  });

  it('runs functions on Node 24 and arm64, traced', () => {
    for (const template of all) {
      for (const made of functionsOf(template)) {
        expect(made).toMatchObject({
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          TracingConfig: { Mode: 'Active' },
        });
      }
    }
  });

  it('names nothing that a second stage in the account would need too', () => {
    const named =
      /^(Function|Table|Bucket|Queue|Topic|Role|LogGroup|Policy|Secret|Rule|Cluster|Service)?Name$|^Family$/;
    const other = synthesizeIngest({ stage: 'other' });
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
  it('has the same stacks but for two', () => {
    expect(Object.keys(synthesize())).toEqual(['data', 'api', 'jobs', 'operations']);
    expect(Object.keys(templates)).toEqual(['data', 'network', 'api', 'jobs', 'ingest', 'operations']);
  });

  it('has its data in the same stack, unchanged', () => {
    const resources = (template: Template) => template.toJSON().Resources;
    expect(resources(templates.data)).toEqual(resources(synthesize().data));
  });
});

describe('functions', () => {
  it('all have an entry, and every entry is a function', () => {
    const isJob = (name: string) => jobs.some((job) => job.name === name);
    const entries = all.flatMap(functionNames).map((name) => (isJob(name) ? 'job' : name));
    expect(functionEntries().sort()).toEqual([...new Set(entries)].sort());
  });

  it('are there for every family', () => {
    expect(functionNames(templates.api)).toEqual(expect.arrayContaining([...families]));
  });
});

type Resources = Record<string, { Type: string; Properties?: Record<string, unknown> }>;
