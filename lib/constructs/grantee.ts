import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** Who tables and bucket can give rights to: a function, or the ingest service. */
export interface Grantee extends IConstruct {
  /** Adds a statement to the role that its code runs with. */
  allow(statement: PolicyStatement): void;
}
