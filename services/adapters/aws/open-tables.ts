import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../ports/table.ts';
import { connections } from './connections.ts';
import { dynamodbTable } from './dynamodb-table.ts';
import { mapOutages } from './outages.ts';

/** The configuration of the tables. Region and credentials default to those of the environment. */
export interface TableSettings {
  readonly tableName: string;
  readonly auditTableName: string;
  readonly region?: string | undefined;
  /** Overrides the endpoint, for example for an emulator. */
  readonly endpoint?: string | undefined;
}

/** The tables on AWS. `close` closes idle connections. */
export interface OpenedTables {
  readonly table: Table;
  readonly audit: Table;
  close(): Promise<void>;
}

/** Opens the registry table and the audit table with one client. */
export function openTables({ tableName, auditTableName, region, endpoint }: TableSettings): OpenedTables {
  const client = new DynamoDBClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: 5,
    requestHandler: connections({ requestTimeout: 5_000 }),
  });
  mapOutages(client, { retriesThrottling: true });
  return {
    table: dynamodbTable({ client, tableName }),
    audit: dynamodbTable({ client, tableName: auditTableName }),
    close: async () => client.destroy(),
  };
}
