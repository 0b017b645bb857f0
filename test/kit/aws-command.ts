import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as s3 from '@aws-sdk/client-s3';

/** The services whose commands can be run: the command line's name, the client and its commands. */
const services = {
  dynamodb: { Client: dynamodb.DynamoDBClient, commands: dynamodb },
  s3api: { Client: s3.S3Client, commands: s3 },
} as const;

/**
 * Runs a command of the AWS command line, which the tests do not have, as `aws dynamodb update-table --table-name x`. It
 * knows texts, switches, and structures in shorthand (`Enabled=true,AttributeName=x`).
 */
export async function runAwsCommand(command: string, endpoint: string): Promise<unknown> {
  const [program, name = '', operation = '', ...parameters] = command.trim().split(/\s+/);
  const service = services[name as keyof typeof services];
  const Command = (service?.commands as Record<string, unknown> | undefined)?.[`${camel(operation)}Command`];
  if (program !== 'aws' || typeof Command !== 'function') throw new Error(`unknown command: ${command}`);
  const client = new service.Client({ endpoint, region: 'us-east-1' });
  // biome-ignore lint/suspicious/noExplicitAny: which command of which client is known at run time only
  const send = client.send.bind(client) as (sent: any) => Promise<unknown>;
  try {
    return await send(Reflect.construct(Command, [inputOf(parameters)]));
  } finally {
    client.destroy();
  }
}

function inputOf(parameters: readonly string[]): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [at, parameter] of parameters.entries()) {
    if (!parameter.startsWith('--')) continue;
    const next = parameters[at + 1];
    input[camel(parameter.slice(2))] =
      next === undefined || next.startsWith('--') ? true : fromShorthand(next);
  }
  return input;
}

function fromShorthand(text: string): unknown {
  if (!text.includes('=')) return text;
  const parts = text.split(',').map((part) => part.split('='));
  return Object.fromEntries(parts.map(([name, value]) => [name, value === 'true' ? true : value]));
}

function camel(words: string): string {
  return words.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
