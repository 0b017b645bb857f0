import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { bundleFolder, bundleFunctions, functionEntries } from '../../lib/bundles.ts';
import manifest from '../../package.json' with { type: 'json' };

describe('bundles', () => {
  beforeAll(() => bundleFunctions());

  it('have the same bytes in every build', () => {
    const before = digests();
    bundleFunctions();
    expect(digests()).toEqual(before);
  });

  it.each(functionEntries())('can be loaded, export a handler and log their version: %s', async (entry) => {
    const logged: string[] = [];
    vi.stubEnv('POWERTOOLS_DEV', 'true');
    vi.spyOn(console, 'info').mockImplementation((line) => void logged.push(line));
    for (const name of [
      'TABLE',
      'AUDIT_TABLE',
      'BUCKET',
      'URL',
      'LINK_LIFETIME',
      'PROXY_BELOW',
      'RETENTION_DAYS',
      'PATH_RESERVATION_DAYS',
      'UNTAGGED_DAYS',
      'BLOB_GRACE_HOURS',
      'JOB_QUEUE',
    ]) {
      vi.stubEnv(`PACKHOUSE_${name}`, '1');
    }
    vi.stubEnv('PACKHOUSE_JOB', 'audit');
    vi.stubEnv('PACKHOUSE_PROXY_DOWNLOAD', 'false');
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    const { handler } = await import(pathToFileURL(join(bundleFolder, entry, 'index.mjs')).href);
    expect(handler).toBeTypeOf('function');
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      message: 'function started',
      version: manifest.version,
    });
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
});

function digests(): Record<string, string> {
  const files = readdirSync(bundleFolder, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  return Object.fromEntries(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}
