/**
 * The names that a table of the `Table` port has, as plain data: the deployment makes tables from them, and tables
 * that somebody else made are checked against them.
 */
export const tableShape = {
  /** The partition key and the sort key, both texts. */
  keys: ['pk', 'sk'],
  /** The indexes. Their keys are the name of the index followed by `pk` and `sk`; they contain whole items. */
  indexes: ['index1', 'index2'],
  /** The attribute with the time after which an item is deleted. */
  expiry: 'expiresAt',
} as const;
