import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { plainVersion, publishPlain } from '../../../../bench/packages/plain-versions.ts';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { PackageHead, PackageStatus, Version } from '../../../../services/domain/packages.ts';
import { nameMetadata } from '../../../../services/formats/maven/read/maven-metadata.ts';
import {
  abbreviatedPackument,
  distTags,
  fullPackument,
} from '../../../../services/formats/npm/read/packument.ts';
import { hives } from '../../../../services/formats/nuget/addresses.ts';
import { releaseCatalog } from '../../../../services/formats/nuget/releases.ts';
import { semVer1List, versionList } from '../../../../services/formats/nuget/v3/flat-container.ts';
import { registrationIndex } from '../../../../services/formats/nuget/v3/registration.ts';
import { htmlPage, jsonPage } from '../../../../services/formats/pypi/read/simple-page.ts';
import type { Table } from '../../../../services/ports/table.ts';
import type { Registry } from '../../../../services/registry/context.ts';
import { documentCache } from '../../../../services/registry/documents/document-cache.ts';
import { BASE, type IndexKind } from '../../../../services/registry/documents/document-kind.ts';
import { isLarge } from '../../../../services/registry/documents/large-document.ts';
import { FEW_VERSIONS, packageDocument } from '../../../../services/registry/documents/package-document.ts';
import { togetherOf } from '../../../../services/registry/documents/read-sources.ts';
import { renderIndex } from '../../../../services/registry/documents/render-index.ts';
import { type Sources, sourcesOf } from '../../../../services/registry/documents/source.ts';
import { changeVersions } from '../../../../services/registry/packages/change-versions.ts';
import { deleteTag, moveTag } from '../../../../services/registry/packages/move-tag.ts';
import { entityOf } from '../../../../services/registry/records/entities.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { removeVersion } from '../../../../services/registry/removal/remove-version.ts';
import { named } from '../../../kit/names.ts';
import { rulesOf } from '../../../kit/rules.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

// biome-ignore lint/suspicious/noExplicitAny: an index of any format
type AnyIndex = IndexKind<any>;

const actor = { kind: 'user', id: 1, name: 'root' } as const;
const address = 'https://registry.test/$&/packages';

const kinds: Readonly<Record<string, readonly AnyIndex[]>> = {
  npm: [fullPackument, abbreviatedPackument, distTags],
  pypi: [jsonPage, htmlPage],
  maven: [nameMetadata],
  nuget: [versionList, semVer1List, releaseCatalog, ...Object.values(hives).map(registrationIndex)],
};

/** Texts of publishers that could break indexes which are composed of texts. */
const hostile = [
  '{packhouse:base:00000000-0000-0000-0000-000000000000}',
  'a\n\u2028","b":["',
  '</a>&amp;<!--',
  '\ud83e\udd9d \0',
  '#s0#segments',
];

let app: TestApp;
let projects: readonly [Project, Project];

beforeEach(async () => {
  app = await startApp();
  projects = [await app.project('tools'), await app.project('more')];
});

function versionOf(format: string, text: string, number: number) {
  const plain = plainVersion(format, text);
  const hostileText = hostile[number % hostile.length];
  return {
    ...plain,
    metadata: { ...plain.metadata, deprecated: hostileText, description: hostileText, yanked: hostileText },
  };
}

/** Projects whose packages make an index, and those whose first copies are withheld. */
interface From {
  readonly shown: readonly Project[];
  readonly withheld: readonly Project[];
}

async function sourcesIn(table: Table, format: string, { shown, withheld }: From): Promise<Sources> {
  const { name } = plainVersion(format, '1');
  const headsIn = async (from: readonly Project[]) => {
    const refs = from.map(({ id }) => keys.head({ projectId: id, format, name: named.package(name) }));
    return (await table.getMany(refs)).flatMap((head) => (head ? [entityOf<PackageHead>(head)] : []));
  };
  const sources = sourcesOf({ table }, { heads: await headsIn(shown), withheld: await headsIn(withheld) });
  if (!sources) throw new Error('nothing is shown');
  return sources;
}

/** Renders the index from all current contents of the table. */
async function fromScratch(sources: Sources, kind: AnyIndex): Promise<string> {
  const all = await Promise.all(
    sources.map((source) =>
      source.read<never>({ versions: 'all', files: true, tags: true, subpackages: true }),
    ),
  );
  const contents = await togetherOf(app.registry, all, kind);
  const text = await renderIndex(kind, contents, async ({ projectId, version }) =>
    sources.find(({ head }) => head.projectId === projectId)?.readme(version),
  );
  return text.replaceAll(BASE, () => address);
}

async function expectSame(registry: Registry, format: string, from: From): Promise<void> {
  const sources = await sourcesIn(registry.table, format, from);
  const plain = await sourcesIn(app.registry.table, format, from);
  for (const kind of kinds[format] ?? []) {
    const document = await packageDocument(registry, sources, kind, address);
    const text = await fromScratch(plain, kind);
    expect(Buffer.from(await document.identity()).toString()).toBe(Buffer.from(text).toString());
    const unzipped = Buffer.from(gunzipSync(await document.gzip()));
    expect(unzipped.equals(Buffer.from(text))).toBe(true);
    if (text.length > 2 ** 17) expect(isLarge(document)).toBe(true);
  }
}

/** A process with an empty cache, which records its reads of all versions. */
function otherProcess(): Registry & { readonly wholeReads: string[] } {
  const { table } = app.registry;
  const wholeReads: string[] = [];
  return {
    ...app.registry,
    documents: documentCache(1e8),
    wholeReads,
    table: {
      ...table,
      query(query) {
        if (query.prefix === 'VERSION#') wholeReads.push(query.pk);
        return table.query(query);
      },
    },
  };
}

/** Pseudo-random numbers that are the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe.each(Object.keys(kinds))('the indexes of %s with many versions', (format) => {
  const random = numbersFrom(format.length * 7919);

  test('equal, after any changes, an index rendered from all versions', async () => {
    const { registry } = app;
    const published: [Map<string, Project>, Map<string, Project>] = [new Map(), new Map()];
    let number = 0;
    const publish = async (which: 0 | 1) => {
      const text = `${random(3)}.${random(40)}.${number++}${['', '-rc.1', '-beta'][format === 'pypi' ? 0 : random(3)]}`;
      await publishPlain({ registry, project: projects[which] }, versionOf(format, text, number));
      published[which].set(text, projects[which]);
    };
    for (let count = 0; count < FEW_VERSIONS + 20; count++) await publish(0);
    for (let count = 0; count < 30; count++) await publish(1);
    const { name } = plainVersion(format, '1');
    const statuses: PackageStatus[] = ['default', 'deprecated', 'hidden', 'error', 'pending_destruction'];

    const steps: ((which: 0 | 1, version: string) => Promise<unknown>)[] = [
      (which) => publish(which),
      async (which, version) => {
        await removeVersion(registry, {
          project: projects[which],
          actor,
          format,
          name: named.package(name),
          version: named.version(version),
        });
        published[which].delete(version);
      },
      (which, version) =>
        changeVersions(
          registry,
          {
            project: projects[which],
            actor,
            format: rulesOf(format),
            name: named.package(name),
            versions: [named.version(version)],
          },
          (before: Version<object>) => ({
            status: statuses[random(statuses.length)] ?? 'default',
            metadata: { ...before.metadata, deprecated: hostile[random(hostile.length)] },
          }),
        ),
      (which, version) =>
        moveTag(registry, {
          project: projects[which],
          actor,
          format,
          name: named.package(name),
          version: named.version(version),
          tag: named.tag('latest'),
        }),
      (which) =>
        deleteTag(registry, {
          project: projects[which],
          actor,
          format,
          name: named.package(name),
          tag: named.tag('latest'),
        }).catch(() => {}),
      async (which) => {
        // Publishes the same version in both projects.
        const text = [...published[(1 - which) as 0 | 1].keys()].find((each) => !published[which].has(each));
        if (text === undefined) return;
        await publishPlain({ registry, project: projects[which] }, versionOf(format, text, number++));
        published[which].set(text, projects[which]);
      },
    ];
    const callers: readonly From[] = [
      { shown: [projects[0]], withheld: [] },
      { shown: projects, withheld: [] },
      { shown: [projects[1]], withheld: [projects[0]] },
    ];
    const warm = otherProcess();
    for (const from of callers) await expectSame(warm, format, from);
    warm.wholeReads.length = 0;
    for (let round = 0; round < 12; round++) {
      for (let count = random(4); count >= 0; count--) {
        const which = random(2) as 0 | 1;
        const versions = [...published[which].keys()];
        await steps[random(steps.length)]?.(which, versions[random(versions.length)] ?? '');
      }
      for (const from of callers) await expectSame(warm, format, from);
      if (round % 4 !== 3) continue;
      const cold = otherProcess();
      for (const from of callers) await expectSame(cold, format, from);
      expect(cold.wholeReads).toEqual([]);
    }
    expect(warm.wholeReads).toEqual([]);
    expect(app.errors).toEqual([]);
  }, 60_000);
});
