import { expect } from 'vitest';
import { noise } from '../noise.ts';
import type { Playground } from '../playground.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

/** Two modules, of which `tool` needs `base`: their group and their jars. */
export interface ModulePair {
  readonly group: string;
  readonly jars: Readonly<Record<'base' | 'tool', Buffer>>;
}

/** Publishes a pair of modules to the private project as curl would, for clients that can't publish. */
export async function publishPair(ground: Playground): Promise<ModulePair> {
  const group = freshGroup();
  const jars = { base: noise(20_000), tool: noise(20_000) };
  const start = `<project><modelVersion>4.0.0</modelVersion><groupId>${group}</groupId><version>1.0</version>`;
  const needs = `<dependencies><dependency><groupId>${group}</groupId><artifactId>base</artifactId>
    <version>1.0</version></dependency></dependencies>`;
  const files: Record<string, string | Uint8Array<ArrayBuffer>> = {
    'base/1.0/base-1.0.pom': `${start}<artifactId>base</artifactId></project>`,
    'base/1.0/base-1.0.jar': new Uint8Array(jars.base),
    'tool/1.0/tool-1.0.pom': `${start}<artifactId>tool</artifactId>${needs}</project>`,
    'tool/1.0/tool-1.0.jar': new Uint8Array(jars.tool),
  };
  for (const [path, body] of Object.entries(files)) {
    const url = `${ground.endpoint('maven', ground.project)}/${pathOfGroup(group)}/${path}`;
    const headers = { 'private-token': ground.tokens.personal.secret };
    expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(200);
  }
  return { group, jars };
}
