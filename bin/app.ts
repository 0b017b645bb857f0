import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { addChecks, addStacks } from '../lib/app.ts';
import { bundleFolder, bundleFunctions } from '../lib/bundles.ts';
import { readSettings } from '../lib/settings.ts';

const app = new App();
const settings = readSettings((name) => app.node.tryGetContext(name));
bundleFunctions();
addStacks(app, settings, (entry) => Code.fromAsset(join(bundleFolder, entry)));
addChecks(app);
