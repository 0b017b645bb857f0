import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { propertiesOf, synthesize, synthesizeIngest } from '../synthesize.ts';

const url = 'https://packages.example.com';

/** The names of the exports of a stack that a later deployment can't delete while they are in use. */
function lastingExports(template: Template): string[] {
  const outputs = Object.values(template.findOutputs('*')) as { Export?: { Name: unknown } }[];
  return outputs.flatMap(({ Export }) => {
    const name = Export?.Name;
    return typeof name === 'string' && name.includes('-lasting-') ? [name] : [];
  });
}

/** The names of exports that the parameter of the jobs stack uses. */
function importsOf(jobs: Template): string[] {
  const text = JSON.stringify(propertiesOf(jobs, 'AWS::SSM::Parameter'));
  return [...text.matchAll(/"Fn::ImportValue":"([^"]+)"/g)].flatMap(([, name]) => name ?? []);
}

describe('what clients depend on', () => {
  it('is held by an export in use: the ingest service', () => {
    const { api, jobs } = synthesizeIngest();
    expect(lastingExports(api)).toEqual(['packhouse-main-lasting-ingest']);
    expect(importsOf(jobs)).toEqual(['packhouse-main-lasting-ingest']);
  });

  it('is held by an export in use: the custom domain', () => {
    const { api, jobs } = synthesize({ url, urlServedElsewhere: true });
    expect(lastingExports(api)).toEqual(['packhouse-main-lasting-url']);
    expect(importsOf(jobs)).toEqual(['packhouse-main-lasting-url']);
  });

  it('is held by an export in use: the records of the custom domain', () => {
    const { api, jobs } = synthesize({ url, hostedZoneId: 'Z0123456789ABC', hostedZoneName: 'example.com' });
    const held = ['packhouse-main-lasting-url', 'packhouse-main-lasting-hostedZoneId'];
    expect(lastingExports(api)).toEqual(held);
    expect(importsOf(jobs)).toEqual(held);
  });

  it('is not removed by a deployment without the setting, which would delete the export', () => {
    const { api, data, jobs } = synthesize();
    expect([...lastingExports(api), ...lastingExports(data), ...importsOf(jobs)]).toEqual([]);
  });

  it('is removed by a deployment that confirms it: the export stays until its import is gone', () => {
    const { api, jobs } = synthesize({ confirmRemoval: ['ingest', 'url'] });
    expect(lastingExports(api)).toEqual(['packhouse-main-lasting-ingest', 'packhouse-main-lasting-url']);
    expect(importsOf(jobs)).toEqual([]);
  });

  it('has a value that does not change with the settings, since an export in use can not be changed either', () => {
    const { api: held } = synthesizeIngest();
    const { api: confirmed } = synthesize({ confirmRemoval: ['ingest'] });
    const valueIn = (template: Template) =>
      Object.values(template.findOutputs('*', { Export: { Name: 'packhouse-main-lasting-ingest' } }));
    expect(valueIn(confirmed)).toEqual(valueIn(held));
  });
});
