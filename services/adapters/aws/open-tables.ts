import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../ports/table.ts';
import { connections } from './connections.ts';
import { dynamodbTable } from './dynamodb-table.ts';
import { tellOutages } from './outages.ts';

/** Where the tables are. Region and credentials come from the environment unless they are given here. */
export interface TableSettings {
  readonly tableName: string;
  readonly auditTableName: string;
  readonly region?: string | undefined;
  /** Another address, such as an emulator's. */
  readonly endpoint?: string | undefined;
}

/** The tables on AWS. `close` closes idle connections. */
export interface OpenedTables {
  readonly table: Table;
  readonly audit: Table;
  close(): Promise<void>;
}

/** Opens the registry's table and the audit table, over one client. */
export function openTables({ tableName, auditTableName, region, endpoint }: TableSettings): OpenedTables {
  const client = new DynamoDBClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: 5,
    requestHandler: connections({ requestTimeout: 5_000 }),
  });
  tellOutages(client);
  return {
    table: dynamodbTable({ client, tableName }),
    audit: dynamodbTable({ client, tableName: auditTableName }),
    close: async () => client.destroy(),
  };
}
