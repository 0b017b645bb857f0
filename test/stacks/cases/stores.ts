import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { deployedBefore, propertiesOf, synthesizeIngest, synthesizeOther } from '../synthesize.ts';

const templates = synthesizeIngest();
const other = synthesizeOther();

/** The parameters of SSM that a stack reads, without the one of the CDK. */
function parametersOf(template: Template): string[] {
  const parameters = Object.values(template.findParameters('*'));
  return parameters
    .filter(({ Type }) => Type === 'AWS::SSM::Parameter::Value<String>')
    .map(({ Default }) => Default)
    .filter((name) => !name.startsWith('/cdk-bootstrap/'));
}

/** The names of the exports of a stack. */
function exportsOf(template: Template): string[] {
  const outputs = Object.values(template.findOutputs('*')) as { Export?: { Name: string } }[];
  return outputs.flatMap(({ Export }) => Export?.Name ?? []);
}

const readers = ['api', 'jobs', 'ingest', 'operations'] as const;
const written = propertiesOf(templates.data, 'AWS::SSM::Parameter').map(({ Name }) => Name);

describe('the stores of a stage', () => {
  it.each(readers)('are found by parameters that the data stack writes before: %s', (name) => {
    const read = parametersOf(templates[name]);
    expect(read.length).toBeGreaterThan(0);
    expect(written).toEqual(expect.arrayContaining(read));
    expect(deployedBefore(name)).toContain('packhouse-main-data');
  });

  it('are found by the parameters of their own stage', () => {
    const names = propertiesOf(other.data, 'AWS::SSM::Parameter').map(({ Name }) => Name);
    expect(names).toEqual(written.map((name) => name.replace('/main/', '/other/')));
    expect(names).toEqual(expect.arrayContaining(readers.flatMap((name) => parametersOf(other[name]))));
  });

  it('stand in no export, which would keep another store from taking the place of one', () => {
    expect(exportsOf(templates.data)).toEqual([]);
    for (const [name, template] of Object.entries(templates)) {
      expect(JSON.stringify(template.toJSON()), name).not.toMatch(/"Fn::ImportValue":"packhouse-main-data/);
    }
  });

  it('leave exports to the network, which nothing replaces', () => {
    const exporting = Object.entries(templates).filter(([, template]) =>
      exportsOf(template).some((name) => !name.includes('-lasting-')),
    );
    expect(exporting.map(([name]) => name)).toEqual(['network']);
  });

  it('keep the exports that stacks of an earlier release import, if the settings say so', () => {
    expect(exportsOf(other.data).sort()).toEqual(
      [
        'FnGetAttAuditTable18A3095CArn0E7259FD',
        'FnGetAttBlobsBucket1038ED5DArn95D86EF9',
        'FnGetAttRegistryTableDB777839Arn16750D15',
        'FnGetAttRegistryTableDB777839StreamArn1B4E3F37',
        'RefAuditTable18A3095C6F826D02',
        'RefBlobsBucket1038ED5D09F6A624',
        'RefRegistryTableDB777839ED28CC46',
        'RefRootTokenA6139F03EB330057',
        'RefSealingKey98C9818D6F428BC9',
      ].map((name) => `packhouse-other-data:ExportsOutput${name}`),
    );
  });
});
