import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import type { Principal, Project } from '../../services/domain/accounts.ts';
import { identify } from '../../services/registry/access/identify.ts';
import { namesOwnersOf } from '../../services/registry/packages/package-writes.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { searchPackages } from '../../services/registry/search/search-packages.ts';
import { nameWords } from '../../services/registry/search/search-words.ts';
import type { Within } from '../../services/registry/search/within.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { type CountedTable, countReads } from '../kit/count-reads.ts';
import { storePackages } from '../kit/many-packages.ts';
import { named } from '../kit/names.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** More entries than a search used to read before it looked at what the caller may see. */
const MANY = 5200;

/** Searches among many names, on the stores `open` answers. */
export function describeSearch(name: string, open: () => Promise<OpenedStores>): void {
  describe(`searches on ${name}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    let counted: CountedTable;
    let hidden: Project;
    let visible: Project;
    let stranger: Principal;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      counted = countReads(opened.stores.table ?? memoryTable());
      app = await startApp({ ...opened, stores: { ...opened.stores, table: counted.table } });
      hidden = await app.project('hidden', 'private');
      visible = await app.project('visible', 'public');
      const { token } = await app.user('stranger');
      stranger = await identify(app.registry, { secret: token });
    });
    afterEach(() => close());

    /** Writes the words of names, as the job does. */
    async function index(project: Project, format: string, names: readonly string[]): Promise<void> {
      const puts = names.flatMap((name) => {
        const ref = { projectId: project.id, format, name: named.package(name) };
        return namesOwnersOf(ref, app.group.id).flatMap((owner) =>
          nameWords(name).map((word) => ({ put: { ...keys.word(owner, word, ref) } })),
        );
      });
      for (let start = 0; start < puts.length; start += 100) {
        await app.registry.table.write(puts.slice(start, start + 100));
      }
    }

    const numbered = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, number) => `${prefix}${String(number).padStart(5, '0')}`);

    async function search(text: string, within: Within = 'instance') {
      const format = allFormats.find(({ id }) => id === 'npm');
      if (!format) throw new Error('no npm');
      counted.take();
      const { hits, complete } = await searchPackages(
        app.registry,
        { format, within, principal: stranger },
        text,
      );
      return { names: hits.map((hit) => hit.name), complete, items: counted.take() };
    }

    test('find a name behind many names that are hidden from the caller or of another format', async () => {
      await index(hidden, 'npm', numbered('tool', MANY));
      await index(visible, 'generic', numbered('tool', MANY));
      await index(visible, 'npm', ['tools-of-mine']);
      for (const within of ['instance', { group: app.group }, { project: visible }] as const) {
        expect(await search('tool', within)).toMatchObject({ names: ['tools-of-mine'], complete: true });
      }
    });

    test('find the name that is the text among more names than they return, and tell that there are more', async () => {
      const others = numbered('a-tool-', 1300);
      await index(visible, 'npm', [...others, 'tool']);
      await storePackages(app.registry, [{ project: visible, name: 'tool', format: 'npm' }]);
      const { names, complete } = await search('tool');
      expect(names).toHaveLength(250);
      expect(names[0]).toBe('tool');
      expect(complete).toBe(false);
    });

    test('begin with the rarest word', async () => {
      await index(visible, 'npm', [...numbered('common-', 1500), 'common-odd']);
      const { names, items } = await search('common odd');
      expect(names).toEqual(['common-odd']);
      expect(items).toBeLessThan(150);
    });

    test('store a word as nothing but its key', async () => {
      await index(visible, 'npm', ['left-pad']);
      const ref = { projectId: visible.id, format: 'npm', name: named.package('left-pad') };
      expect(nameWords('left-pad')).toEqual(['left', 'pad']);
      const key = keys.word('instance', 'left', ref);
      expect(await app.registry.table.get(key)).toEqual(key);
    });
  });
}
