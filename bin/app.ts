import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { addChecks, addStacks, warnOfUnsaved } from '../lib/app.ts';
import { bundleFolder, bundleFunctions, bundleServer } from '../lib/bundles.ts';
import { serverImage } from '../lib/server-image.ts';
import { readSettings, unsavedSettings } from '../lib/settings.ts';

const app = new App();
const context = (name: string) => app.node.tryGetContext(name);
const settings = readSettings(context);
bundleFunctions();
if (settings.ingest) bundleServer();
const stacks = addStacks(app, settings, {
  code: (entry) => Code.fromAsset(join(bundleFolder, entry)),
  image: serverImage,
});
warnOfUnsaved(stacks, unsavedSettings(context));
addChecks(app);
