import { CfnOutput, Fn, type Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type LastingFeature, lastingFeatures, type StageSettings, type storeSettings } from '../settings.ts';

/** The stacks that make each feature. */
export interface FeatureStacks extends Readonly<Record<Exclude<LastingFeature, StoreSetting>, Stack>> {
  /** The stack that tells others of the stores. */
  readonly stores: Stack;
}

type StoreSetting = (typeof storeSettings)[number];

/**
 * Keeps a deployment from taking away a feature that an earlier one made, as when a setting was given on the command
 * line once and is missing now.
 *
 * The stack that makes a feature exports a text, which this construct's stack imports. CloudFormation refuses to delete
 * an export in use, so an update without the feature fails before it changes anything. `confirmRemoval` leaves the
 * export in place for one deployment, which drops the import.
 */
export class LastingFeatures extends Construct {
  constructor(scope: Construct, id: string, settings: StageSettings, stacks: FeatureStacks) {
    super(scope, id);
    const present = lastingFeatures.filter((feature) => isPresent(settings, feature));
    for (const feature of lastingFeatures) {
      if (present.includes(feature) || settings.confirmRemoval.includes(feature)) {
        new CfnOutput(stackOf(stacks, feature), `Lasting ${feature}`, {
          description: `In use. To remove it, set confirmRemoval to ${feature}`,
          value: feature,
          exportName: exportNameOf(settings, feature),
        });
      }
    }
    if (present.length === 0) return;
    const imports = present.map((feature) => Fn.importValue(exportNameOf(settings, feature)));
    new StringParameter(this, 'Parameter', {
      parameterName: `/packhouse/${settings.stage}/lasting-features`,
      description: 'What clients of the package registry depend on, and a deployment does not remove unasked',
      stringValue: Fn.join(',', imports),
    });
  }
}

function stackOf(stacks: FeatureStacks, feature: LastingFeature): Stack {
  return feature in stacks ? stacks[feature as keyof FeatureStacks] : stacks.stores;
}

function isPresent(settings: StageSettings, feature: LastingFeature): boolean {
  if (feature === 'ingest') return settings.ingest;
  return settings[feature === 'links' ? 'cloudfrontPublicKey' : feature] !== undefined;
}

function exportNameOf({ stage }: StageSettings, feature: LastingFeature): string {
  return `packhouse-${stage}-lasting-${feature}`;
}
