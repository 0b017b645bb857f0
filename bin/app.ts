import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { addChecks, addStacks } from '../lib/app.ts';
import { bundleFolder, bundleFunctions, bundleServer } from '../lib/bundles.ts';
import { serverImage } from '../lib/server-image.ts';
import { readSettings } from '../lib/settings.ts';

const app = new App();
const settings = readSettings((name) => app.node.tryGetContext(name));
bundleFunctions();
if (settings.ingest) bundleServer();
addStacks(app, settings, {
  code: (entry) => Code.fromAsset(join(bundleFolder, entry)),
  image: serverImage,
});
addChecks(app);
