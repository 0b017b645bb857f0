import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { storeSettings } from '../../../lib/settings.ts';
import {
  allowedTo,
  deployedBefore,
  otherStores,
  propertiesOf,
  synthesizeData,
  synthesizeIngest,
  synthesizeOther,
} from '../synthesize.ts';

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
    const earlier = exportsOf(other.data).filter((name) => !name.includes('-lasting-'));
    expect(earlier.sort()).toEqual(
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

const storeTypes = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret'];

describe('stores in the place of those of the stack', () => {
  const values = Object.fromEntries(
    propertiesOf(other.data, 'AWS::SSM::Parameter').map(({ Name, Value }) => [Name.split('/').at(-1), Value]),
  );

  it('are what the other stacks find', () => {
    expect(values).toEqual({
      'registry-table': otherStores.registryTable,
      'registry-stream': { 'Fn::GetAtt': [expect.stringContaining('Check'), 'RegistryStream'] },
      'audit-table': otherStores.auditTable,
      'blob-bucket': otherStores.blobBucket,
      'sealing-key': otherStores.sealingKeySecret,
      'root-token': otherStores.rootTokenSecret,
    });
  });

  it('are checked before any parameter names them, by a function that may only describe them', () => {
    const [check] = Object.keys(other.data.findResources('Custom::StoreCheck'));
    for (const parameter of Object.values(other.data.findResources('AWS::SSM::Parameter'))) {
      expect(parameter.DependsOn).toContain(check);
    }
    const allowed = allowedTo(other.data, 'check-stores').filter(({ action }) => !/^logs:/.test(action));
    const wanted = ['Continuous', 'Table', 'TimeToLive', 'BucketVersioning', 'Secret'];
    for (const { action } of allowed) {
      expect(action).toMatch(/^(dynamodb|secretsmanager):Describe|^s3:GetBucketVersioning$/);
    }
    for (const what of wanted) expect(allowed.some(({ action }) => action.includes(what))).toBe(true);
    const named = Object.values(otherStores).join('|');
    for (const { resource } of allowed) expect(resource).toMatch(new RegExp(named));
  });

  it('need no check in a stage without them', () => {
    templates.data.resourceCountIs('AWS::Lambda::Function', 0);
  });

  it('leave those of the stack in it, so that a deployment can go back', () => {
    for (const type of storeTypes) {
      const own = Object.keys(templates.data.findResources(type));
      expect(Object.keys(other.data.findResources(type))).toEqual(own);
      expect(own.length).toBeGreaterThan(0);
    }
  });

  it('let those of the stack go where the settings say so', () => {
    const released = synthesizeData({ ...otherStores, releaseReplaced: true });
    for (const type of storeTypes) released.resourceCountIs(type, 0);
    const { registryTable } = otherStores;
    synthesizeData({ registryTable, releaseReplaced: true }).resourceCountIs('AWS::DynamoDB::GlobalTable', 1);
  });

  it('are not taken away by a deployment without their settings, which would delete an export in use', () => {
    const lasting = exportsOf(other.data).filter((name) => name.includes('-lasting-'));
    expect(lasting).toEqual(storeSettings.map((name) => `packhouse-other-lasting-${name}`));
    const [parameter] = propertiesOf(other.jobs, 'AWS::SSM::Parameter');
    for (const name of lasting) expect(JSON.stringify(parameter.Value)).toContain(name);
    expect(exportsOf(templates.data)).toEqual([]);
  });

  it('let the bootstrap run for the new table', () => {
    const [root] = propertiesOf(templates.jobs, 'Custom::RootUser');
    expect(root.table).toEqual({ Ref: expect.stringContaining('RegistryTable') });
  });
});
