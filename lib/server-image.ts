import { join } from 'node:path';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';

/**
 * The image of the Dockerfile, which is built and pushed during deployment. That requires a container engine;
 * synthesis does not. The image only changes with the files that `.dockerignore` lets through: the server bundle.
 */
export function serverImage(): ContainerImage {
  return ContainerImage.fromAsset(join(import.meta.dirname, '..'), {
    assetName: 'server',
    platform: Platform.LINUX_ARM64,
  });
}
