import { join } from 'node:path';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';

/**
 * The image of the Dockerfile, which the deployment builds and stores: that takes a container engine, making the
 * stacks does not. It changes only with what `.dockerignore` lets into the build, which is the server's bundle.
 */
export function serverImage(): ContainerImage {
  return ContainerImage.fromAsset(join(import.meta.dirname, '..'), {
    assetName: 'server',
    platform: Platform.LINUX_ARM64,
  });
}
