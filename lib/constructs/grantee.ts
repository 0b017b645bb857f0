import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A construct that can get access to tables and bucket: a function or the ingest service. */
export interface Grantee extends IConstruct {
  /** Adds a statement to its role. */
  allow(statement: PolicyStatement): void;
}
