import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { awsForm, awsJson } from './aws-call.ts';
import type { Deployment } from './deploy.ts';

const root = { accessKeyId: 'test', secretAccessKey: 'test' };

/** The container of the deployed service, as ECS knows it. */
export interface DeployedContainer {
  /** Its environment, with the names of the deployed resources. */
  readonly environment: Readonly<Record<string, string>>;
  /** The role its code runs with. */
  readonly taskRoleArn: string;
}

interface TaskDefinition {
  readonly taskRoleArn: string;
  readonly containerDefinitions: readonly {
    readonly environment: readonly { readonly name: string; readonly value: string }[];
  }[];
}

/** Reads the container of the only deployed service from the emulated ECS. */
export async function deployedContainer({ endpoint }: Deployment): Promise<DeployedContainer> {
  const target = { endpoint, service: 'ecs', credentials: root };
  const call = <T>(operation: string, input: object) =>
    awsJson<T>(target, `AmazonEC2ContainerServiceV20141113.${operation}`, input);
  const { taskDefinitionArns } = await call<{ taskDefinitionArns: string[] }>('ListTaskDefinitions', {});
  const [arn, ...others] = taskDefinitionArns;
  if (!arn || others.length > 0) throw new Error(`one task was expected, not ${taskDefinitionArns}`);
  const { taskDefinition: task } = await call<{ taskDefinition: TaskDefinition }>('DescribeTaskDefinition', {
    taskDefinition: arn,
  });
  const variables = task.containerDefinitions[0]?.environment ?? [];
  return {
    environment: Object.fromEntries(variables.map(({ name, value }) => [name, value])),
    taskRoleArn: task.taskRoleArn,
  };
}

/** An address at which a container finds credentials of its role, as ECS offers one. */
export interface CredentialsEndpoint {
  /** The variables by which the SDK finds it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Offers credentials of a role to a container, as ECS does. Only ECS may assume the role, so the tests are allowed to
 * first. The policies of the role are enforced for every call with the credentials.
 */
export async function offerCredentials(
  { endpoint }: Deployment,
  roleArn: string,
): Promise<CredentialsEndpoint> {
  await allowTests(endpoint, roleArn);
  const session = await awsForm(
    { endpoint, service: 'sts', credentials: root },
    { Action: 'AssumeRole', Version: '2011-06-15', RoleArn: roleArn, RoleSessionName: 'task' },
  );
  const found = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(session)?.[1];
  const body = JSON.stringify({
    RoleArn: roleArn,
    AccessKeyId: found('AccessKeyId'),
    SecretAccessKey: found('SecretAccessKey'),
    Token: found('SessionToken'),
    Expiration: found('Expiration'),
  });
  const server = createServer((_, answer) => answer.end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials` },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function allowTests(endpoint: string, roleArn: string): Promise<void> {
  const [account = ''] = /\d{12}/.exec(roleArn) ?? [];
  const trust = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: 'sts:AssumeRole',
      },
    ],
  };
  await awsForm(
    { endpoint, service: 'iam', credentials: root },
    {
      Action: 'UpdateAssumeRolePolicy',
      Version: '2010-05-08',
      RoleName: roleArn.slice(roleArn.lastIndexOf('/') + 1),
      PolicyDocument: JSON.stringify(trust),
    },
  );
}
