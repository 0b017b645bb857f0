import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Project } from '../../../services/domain/accounts.ts';
import type { TestApp } from '../../kit/start-app.ts';
import { prefixIn } from './every.ts';
import type { Sample } from './sample.ts';

/** What was answered; `text` is uncompressed. */
export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly text: string;
}

/** Publishes and reads packages of a sample's format. */
export function useSample(app: TestApp, sample: Sample) {
  async function get(url: string, token?: string): Promise<Answer> {
    const answer = await app.send('GET', url, token === undefined ? {} : { token });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return { status: answer.status, bytes, text: (isGzip ? gunzipSync(bytes) : bytes).toString() };
  }

  return {
    /** Publishes a version as root, and lets a second pass. Answers the bytes of its file. */
    async publish(to: Project, name: string, version: string, content = ''): Promise<Uint8Array> {
      const { method, path, headers, body, bytes } = await sample.publish(name, version, content);
      const url = prefixIn(sample, 'project', to.id) + path;
      const answer = await app.send(method, url, { token: app.rootToken, headers, body });
      expect([sample.id, answer.status < 300, answer.status]).toEqual([sample.id, true, answer.status]);
      app.clock.advance(1000);
      return bytes;
    },
    get,
    /** Whether what is served at an address are these bytes. */
    async serves(url: string, bytes: Uint8Array, token?: string): Promise<boolean> {
      const answer = await get(url, token);
      return answer.status === 200 && answer.bytes.equals(bytes);
    },
  };
}
