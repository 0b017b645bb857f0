import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type AppProps, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { addChecks, addStacks } from '../../lib/app.ts';
import { serverImage } from '../../lib/server-image.ts';
import { parseSettings, type StageOverrides } from '../../lib/settings.ts';
import { DataStack } from '../../lib/stacks/data-stack.ts';

/** The root folder of the repository. */
export const root = join(import.meta.dirname, '../..');

const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));

/** Leaves out the check of each template against the rules of CloudFormation, which takes most of a synthesis. */
const unvalidated: AppProps = { builtinCloudFormationValidation: false };

/** The app of a stage, built and checked as by `cdk synth`, but with functions that have no code. */
export function makeCheckedApp(overrides: StageOverrides & { stage?: string } = {}): App {
  const { app } = makeApp(overrides);
  addChecks(app);
  return app;
}

function makeApp(overrides: StageOverrides & { stage?: string }, options: AppProps = {}) {
  const app = new App({ context, analyticsReporting: false, ...options });
  // Otherwise each synthesis prints the warning that nobody is subscribed to alarms.
  const settings = parseSettings({ stage: 'main', alarmsSubscribed: true, ...overrides });
  const stacks = addStacks(app, settings, {
    code: () => Code.fromInline('export {};'),
    image: serverImage,
  });
  return { app, stacks };
}

/** The templates of a stage, by stack. */
export type Templates = Readonly<Record<'data' | 'api' | 'jobs' | 'operations', Template>>;

/** The templates of a stage with the ingest service. */
export type IngestTemplates = Templates & Readonly<Record<'network' | 'ingest', Template>>;

interface Synthesized {
  readonly templates: Templates;
  readonly stacks: Readonly<Record<string, Stack>>;
}

const cache = new Map<string, Synthesized>();

/** The templates of a stage, unchecked; synthesized once for the same settings. */
export function synthesize(overrides: StageOverrides & { stage?: string } = {}): Templates {
  return synthesizeOnce(overrides).templates;
}

function synthesizeOnce(overrides: StageOverrides & { stage?: string }): Synthesized {
  const key = JSON.stringify(overrides);
  let synthesized = cache.get(key);
  if (!synthesized) {
    const stacks = Object.entries(makeApp(overrides, unvalidated).stacks);
    const present = stacks.filter((entry): entry is [string, NonNullable<(typeof entry)[1]>] => !!entry[1]);
    const all = Object.fromEntries(present.map(([name, stack]) => [name, Template.fromStack(stack)]));
    synthesized = { templates: all as Templates, stacks: Object.fromEntries(present) };
    cache.set(key, synthesized);
  }
  return synthesized;
}

/** The names of the stacks that are deployed before a stack of a stage with the ingest service. */
export function deployedBefore(name: keyof IngestTemplates): string[] {
  const { stacks } = synthesizeOnce({ ingest: true });
  return stacks[name]?.dependencies.map(({ stackName }) => stackName) ?? [];
}

/** The warnings that a synthesis of the stage prints. */
export function warningsOf(overrides: StageOverrides = {}): string[] {
  const { operations } = makeApp(overrides, unvalidated).stacks;
  return Annotations.fromStack(operations)
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => String(entry.data));
}

/** The templates of a stage with the ingest service; synthesized once for the same settings. */
export function synthesizeIngest(overrides: StageOverrides & { stage?: string } = {}): IngestTemplates {
  return synthesize({ ...overrides, ingest: true }) as IngestTemplates;
}

/** The template of the stack of the stores alone, which is synthesized faster than a stage. */
export function synthesizeData(overrides: StageOverrides): Template {
  const app = new App({ context, analyticsReporting: false, ...unvalidated });
  const code = () => Code.fromInline('export {};');
  return Template.fromStack(
    new DataStack(app, 'data', parseSettings({ stage: 'main', ...overrides }), { code }),
  );
}

const secretArn = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;

/** Stores that replace the stack's own. */
export const otherStores = {
  registryTable: 'restored-registry',
  auditTable: 'restored-audit',
  blobBucket: 'restored-blobs',
  sealingKeySecret: secretArn('sealing-key'),
  rootTokenSecret: secretArn('root-token'),
} as const;

/**
 * The templates of a second stage in the account, with the ingest service and with other stores than its own, that is
 * upgraded from an earlier release.
 */
export function synthesizeOther(): IngestTemplates {
  return synthesizeIngest({ stage: 'other', keepExports: true, ...otherStores });
}

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes
type Json = any;

/** What a role allows: one action on one resource (its reference as text). */
export interface Allowed {
  readonly action: string;
  readonly resource: string;
}

/** All that the function of this name may do, from the policies of its role. */
export function allowedTo(template: Template, entry: string): Allowed[] {
  return rightsOf(template, roleOf(template, entry));
}

/** The statements of the policies of the function of this name. */
export function statementsOf(template: Template, entry: string): Json[] {
  return statementsOfRole(template, roleOf(template, entry));
}

function roleOf(template: Template, entry: string): string {
  const functions = Object.values(
    template.findResources('AWS::Lambda::Function', serviceNamed(entry)),
  ) as Json[];
  const role = functions[0]?.Properties.Role['Fn::GetAtt'][0];
  if (!role) throw new Error(`There is no function ${entry}.`);
  return role;
}

/** All that a role may do, from its policies in the same stack. */
export function rightsOf(template: Template, role: string): Allowed[] {
  return statementsOfRole(template, role).flatMap(({ Action, Resource }: Json) =>
    [Action]
      .flat()
      .flatMap((action) =>
        [Resource].flat().map((resource) => ({ action, resource: JSON.stringify(resource) })),
      ),
  );
}

function statementsOfRole(template: Template, role: string): Json[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')) as Json[];
  return policies
    .filter(({ Properties }) => Properties.Roles.some((attached: Json) => attached.Ref === role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

function serviceNamed(entry: string) {
  return { Properties: { Environment: { Variables: Match.objectLike({ POWERTOOLS_SERVICE_NAME: entry }) } } };
}

/** The names of the functions of a template, without those that the CDK adds. */
export function functionNames(template: Template): string[] {
  const functions = Object.values(template.findResources('AWS::Lambda::Function')) as Json[];
  return functions.flatMap(({ Properties }) => {
    return Properties.Environment?.Variables.POWERTOOLS_SERVICE_NAME ?? [];
  });
}

/** The properties of all resources of a type. */
export function propertiesOf(template: Template, type: string): Json[] {
  return Object.values(template.findResources(type)).map(({ Properties }) => Properties);
}
