import { createHash } from 'node:crypto';
import type { TestApp } from './start-app.ts';

/** A digest as clients write it. */
export function digestOf(content: string | Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

/** Media types of manifests. */
export const types = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** A manifest as text, and its digest. */
export interface Manifest {
  readonly text: string;
  readonly digest: string;
  readonly type: string;
}

/** The descriptor of some content. */
export function descriptor(content: string, mediaType: string) {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
}

/** A manifest with further fields. */
export function manifest(fields: object, type: string = types.image): Manifest {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: type, ...fields });
  return { text, digest: digestOf(text), type };
}

/** Sends the requests of a client to a repository. */
export function repositoryClient(app: TestApp, path: string, token: string | undefined = app.rootToken) {
  const base = `/v2/${path}`;
  const send = (
    method: string,
    url: string,
    init: { headers?: Record<string, string>; body?: unknown } = {},
  ) => app.send(method, url, { ...(token !== undefined && { token }), ...init });
  const client = {
    base,
    send,
    get: (below: string, headers?: Record<string, string>) =>
      send('GET', base + below, headers ? { headers } : {}),
    head: (below: string) => send('HEAD', base + below),
    delete: (below: string) => send('DELETE', base + below),
    /** Pushes a blob in one request. */
    pushBlob: (content: string | Uint8Array, digest = digestOf(content)) =>
      send('POST', `${base}/blobs/uploads/?digest=${digest}`, {
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(Buffer.byteLength(content)),
        },
        body: content,
      }),
    putManifest: ({ text, type }: Manifest, reference: string) =>
      send('PUT', `${base}/manifests/${reference}`, { headers: { 'content-type': type }, body: text }),
    /** Pushes an image of some layers with a tag, as clients do. */
    async pushImage(
      tag: string,
      layers: readonly string[] = ['layer'],
      fields: object = {},
    ): Promise<Manifest> {
      const config = `{"image":${JSON.stringify(tag)}}`;
      for (const content of [config, ...layers]) await client.pushBlob(content);
      const image = manifest({
        config: descriptor(config, types.config),
        layers: layers.map((content) => descriptor(content, types.layer)),
        ...fields,
      });
      const answer = await client.putManifest(image, tag);
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
      return image;
    },
    async tags(query = ''): Promise<string[]> {
      return ((await (await client.get(`/tags/list${query}`)).json()) as { tags: string[] }).tags;
    },
  };
  return client;
}

/** The codes of the errors in a response. */
export async function codesIn(answer: Response): Promise<string[]> {
  return ((await answer.json()) as { errors: { code: string }[] }).errors.map(({ code }) => code);
}
