import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { Endpoint } from '../../../../services/domain/endpoint.ts';
import { badRequest } from '../../../../services/domain/errors.ts';
import { generic } from '../../../../services/formats/generic/format.ts';
import { findPackage } from '../../../../services/registry/access/find-package.ts';
import type { Selection } from '../../../../services/registry/access/holdings.ts';
import { stageBytes } from '../../../../services/registry/blobs/stage-blob.ts';
import { addFiles } from '../../../../services/registry/packages/add-files.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { removeVersion } from '../../../../services/registry/removal/remove-version.ts';
import { named } from '../../../kit/names.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

const actor = { kind: 'user', id: 1, name: 'root' } as const;

let app: TestApp;
let project: Project;

beforeEach(async () => {
  app = await startApp();
  project = await app.project('tools', 'public');
});

async function add(...fileNames: string[]): Promise<void> {
  for (const fileName of fileNames) {
    const blob = await stageBytes(app.registry, Buffer.from(fileName));
    await addFiles(app.registry, {
      ...{
        project,
        actor,
        format: generic,
        name: named.package('tool'),
        version: named.version('1'),
        metadata: {},
      },
      files: [{ fileName: named.file(fileName), contentType: 'text/plain', blob }],
    });
  }
}

const endpoints = (): Endpoint[] => [
  { level: 'project', owner: String(project.id) },
  { level: 'group', owner: 'acme' },
  { level: 'instance', owner: '' },
];

/** The names of the files that are found at each level, or undefined if there is no version. */
async function found(selected: { version?: string; files?: readonly string[]; tag?: string }) {
  const { version, files, tag } = selected;
  const selection: Selection = {
    version: version === undefined ? undefined : named.version(version),
    ...(files && { files: files.map((fileName) => ({ fileName: named.file(fileName) })) }),
    tag: tag === undefined ? undefined : named.tag(tag),
  };
  const names = endpoints().map(async (endpoint) => {
    const request = {
      credential: undefined,
      endpoint,
      format: generic,
      name: () => named.package('tool'),
      select: () => selection,
    };
    const { copy } = await findPackage(app.registry, request);
    return copy && [...copy.files.keys()];
  });
  return Promise.all(names);
}

describe('the copy that is found', () => {
  test('has the version and those of the selected files that exist', async () => {
    await add('a', 'b');
    expect(await found({ version: '1', files: ['a', 'c'] })).toEqual([['a'], ['a'], ['a']]);
    expect(await found({ version: '2', files: ['a'] })).toEqual([undefined, undefined, undefined]);
    expect(await found({})).toEqual([undefined, undefined, undefined]);
  });

  test('has no files of a removed version of the same name', async () => {
    await add('a', 'b');
    await removeVersion(app.registry, {
      project,
      actor,
      format: 'generic',
      name: named.package('tool'),
      version: named.version('1'),
    });
    await add('a');
    expect(await found({ version: '1', files: ['a', 'b'] })).toEqual([['a'], ['a'], ['a']]);
  });

  test('lacks what is selected by a name that is too long to be stored', async () => {
    await add('a');
    const long = 'ü'.repeat(128);
    expect(await found({ version: '1', files: [long], tag: long })).toEqual([[], [], []]);
    expect(await found({ version: long, files: ['a'] })).toEqual([undefined, undefined, undefined]);
  });

  test('never has a file of another version while versions are removed and published concurrently', async () => {
    await add('a', 'b');
    let over = false;
    const replacing = (async () => {
      for (let round = 0; round < 20; round++) {
        await removeVersion(app.registry, {
          project,
          actor,
          format: 'generic',
          name: named.package('tool'),
          version: named.version('1'),
        });
        await add('a');
      }
      over = true;
    })();
    const [endpoint] = endpoints();
    while (!over && endpoint) {
      const select = () => ({
        version: named.version('1'),
        files: ['a', 'b'].map((each) => ({ fileName: named.file(each) })),
      });
      const request = {
        credential: undefined,
        endpoint,
        format: generic,
        name: () => named.package('tool'),
        select,
      };
      const { copy } = await findPackage(app.registry, request);
      for (const file of copy?.files.values() ?? []) expect(file.versionId).toBe(copy?.version.id);
    }
    await replacing;
    expect(await found({ version: '1', files: ['a', 'b'] })).toEqual([['a'], ['a'], ['a']]);
  });
});

describe('a client that waits for a challenge', () => {
  test('gets one, even if a disabled registry has a package of the name', async () => {
    await add('a');
    await app.registry.table.update(keys.project(project.id), { set: { registryAccess: 'disabled' } });
    const format = { ...generic, credentialsFirst: false };
    for (const endpoint of endpoints().slice(1)) {
      for (const name of ['tool', 'nothing']) {
        const answer = findPackage(app.registry, {
          credential: undefined,
          endpoint,
          format,
          name: () => named.package(name),
        });
        await expect(answer).rejects.toMatchObject({ code: 'unauthenticated' });
      }
    }
  });
});

describe('a malformed request', () => {
  const select = () => {
    throw badRequest('malformed');
  };

  test.each(['tool', 'nothing'])(
    'is reported unless the answer would reveal whether %s exists',
    async (name) => {
      await add('a');
      for (const endpoint of endpoints()) {
        const answer = findPackage(app.registry, {
          credential: undefined,
          endpoint,
          format: generic,
          name: () => named.package(name),
          select,
        });
        const known = name === 'tool' || endpoint.level === 'project';
        if (known) await expect(answer).rejects.toThrow('malformed');
        else expect((await answer).holdings).toEqual([]);
      }
    },
  );
});
