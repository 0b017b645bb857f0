/**
 * The messages of all queues. A message is taken while its `visible_at` is `TAKEN`, and a dead letter if `dead` is
 * 1.
 */
export const QUEUE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, visible_at INTEGER NOT NULL, dead INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX IF NOT EXISTS messages_due ON messages (queue, dead, visible_at);`;

/** The `visible_at` of a message being handled; later than any time. */
export const TAKEN = Number.MAX_SAFE_INTEGER;

/** Adds a message. Values: queue, body, time. */
export const SEND = 'INSERT INTO messages (queue, body, visible_at) VALUES (?, ?, ?)';

/** Takes messages that are due. Values: queue, time, how many. */
export const TAKE = `
  UPDATE messages SET attempts = attempts + 1, visible_at = ${TAKEN}
  WHERE id IN (
    SELECT id FROM messages WHERE queue = ? AND dead = 0 AND visible_at <= ? ORDER BY visible_at, id LIMIT ?
  )
  RETURNING id, body, attempts`;

/** Deletes a handled message. Value: id. */
export const DONE = 'DELETE FROM messages WHERE id = ?';

/** Makes a message visible again. Values: time, id. */
export const RETRY = 'UPDATE messages SET visible_at = ? WHERE id = ?';

/** Makes a message a dead letter. Value: id. */
export const BURY = 'UPDATE messages SET dead = 1 WHERE id = ?';

/** Makes messages visible that were taken by a process that has ended. */
export const RETURN_ALL = `UPDATE messages SET visible_at = 0 WHERE dead = 0 AND visible_at = ${TAKEN}`;

/** Makes messages dead letters whose last attempt ended with its process. Values: queue, maximum attempts. */
export const BURY_SPENT = `
  UPDATE messages SET dead = 1 WHERE queue = ? AND dead = 0 AND visible_at < ${TAKEN} AND attempts >= ?`;

/** The time at which the next message is due, or null. Value: queue. */
export const NEXT_DUE = `
  SELECT min(visible_at) AS due FROM messages WHERE queue = ? AND dead = 0 AND visible_at < ${TAKEN}`;

/** How many messages there are except dead letters. Value: queue. */
export const DEPTH = 'SELECT count(*) AS depth FROM messages WHERE queue = ? AND dead = 0';

/** The dead letters, oldest first. Value: queue. */
export const DEAD =
  'SELECT id, body, attempts FROM messages WHERE queue = ? AND dead = 1 ORDER BY id LIMIT 100';
