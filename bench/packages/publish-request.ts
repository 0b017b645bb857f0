import { createHash, randomFillSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { PublishTask } from '../load/task.ts';
import { manifestOf } from './manifest.ts';
import { tarOf } from './tar.ts';

/** The tarball of a version: its manifest and about `size` random bytes, which gzip cannot compress. */
export function tarballOf(name: string, version: string, size: number): Buffer {
  const noise = randomFillSync(Buffer.allocUnsafe(size));
  const manifest = Buffer.from(JSON.stringify(manifestOf(name, version)));
  const tar = tarOf([
    { name: 'package/package.json', bytes: manifest },
    { name: 'package/data.bin', bytes: noise },
  ]);
  return gzipSync(tar, { level: 0 });
}

/** The body with which npm publishes a version. */
export function publishBody(name: string, version: string, tarball: Buffer, registry: string): string {
  const file = `${name}-${version}.tgz`;
  const dist = {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
    tarball: `${registry}/${name}/-/${file}`,
  };
  return JSON.stringify({
    _id: name,
    name,
    description: 'A package of the bench',
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifestOf(name, version), _id: `${name}@${version}`, dist } },
    access: null,
    _attachments: {
      [file]: {
        content_type: 'application/octet-stream',
        data: tarball.toString('base64'),
        length: tarball.byteLength,
      },
    },
  });
}

/** Every request of a publish task, ready to be sent, in reverse order. */
export function publishRequests(task: PublishTask): Buffer[] {
  const registry = `http://${task.host}:${task.port}${task.path}`;
  const fixed = { host: `${task.host}:${task.port}`, 'content-type': 'application/json', ...task.headers };
  // Enough names that no two connections publish to one concurrently, and that none gets many versions.
  const names = Math.max(2 * task.connections, Math.ceil(task.count / task.versionsPerName));
  const requests = Array.from({ length: task.count }, (_, number) => {
    const name = `${task.name}-${number % names}`;
    const version = `1.0.${Math.floor(number / names)}`;
    const body = publishBody(name, version, tarballOf(name, version, task.size), registry);
    const headers = { ...fixed, 'content-length': String(Buffer.byteLength(body)) };
    const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
    return Buffer.from(`PUT ${task.path}/${name} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  });
  return requests.reverse();
}
