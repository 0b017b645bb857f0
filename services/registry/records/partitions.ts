/**
 * The kinds of partitions of the registry table, as plain data: what the partition keys of `keys.ts` start with. The
 * deployment limits functions that serve formats to writing partitions of packages, so `lib` may import this file.
 *
 * A project's partition has its record and its members as well as the ids of its packages, so it is one of packages, and
 * `accountAttributes` guards those two. Tokens, users, groups, paths and bound prefixes of names are not: whoever could
 * write them could give themselves any access.
 */
export const partitions = {
  packages: [
    'PROJECT#',
    'PACKAGE#',
    'MERGED#',
    'NAME#',
    'HOLDERS#',
    'WORD#',
    'NAMES#',
    'BLOB#',
    'UPLOAD#',
    'STANZAS#',
    'INDEX#',
    'SIGNER#',
    'DOWNLOADS#',
    'CLAIMS',
    'EVENT#',
    'COUNTER#',
  ],
  accounts: [
    'ROUTE#',
    'USER#',
    'GROUP#',
    'TOKEN#',
    'DEPLOYNAME#',
    'LINEAGE#',
    'BOUND#',
    'ROOT',
    'DELETED',
    'REMOVALS',
    'MOVES',
    'JOB#',
    'STORAGE',
    'SCHEMA',
  ],
} as const satisfies Record<string, readonly string[]>;

/**
 * Attributes of members and of records of projects that no item of a package has: functions that serve formats may not
 * write them, whatever the partition.
 */
export const accountAttributes = [
  'userId',
  'level',
  'expiresOn',
  'fullPath',
  'namespaceId',
  'visibility',
  'registryAccess',
  'containerAccess',
  'archived',
] as const;

/** Whether a partition key begins as one of a list does. Without a `#`, the whole key is meant. */
export function startsAs(pk: string, starts: readonly string[]): boolean {
  return starts.some((start) => (start.endsWith('#') ? pk.startsWith(start) : pk === start));
}
