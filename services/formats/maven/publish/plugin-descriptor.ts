import { UnreadableArchive } from '../../../shared/archive/tar-entries.ts';
import { type RandomAccess, zipEntries } from '../../../shared/archive/zip-entries.ts';
import { readXml, textOf, UnreadableXml } from '../../../shared/xml/read-xml.ts';
import type { Plugin } from '../schema.ts';

const DESCRIPTOR = 'META-INF/maven/plugin.xml';
const MAX_ENTRIES = 50_000;
const MAX_DESCRIPTOR = 8 << 20;
const PREFIX = /^[\w.-]{1,200}$/;

/**
 * Reads the plugin descriptor in a jar. Returns undefined if the jar is not a Maven plugin, or not one of this
 * name. A jar that can't be read is not a plugin; it is stored anyway.
 */
export async function readPlugin(jar: RandomAccess, artifactId: string): Promise<Plugin | undefined> {
  try {
    for await (const entry of zipEntries(jar, { entries: MAX_ENTRIES })) {
      if (entry.path !== DESCRIPTOR) continue;
      const plugin = readXml(await entry.bytes(MAX_DESCRIPTOR));
      const prefix = textOf(plugin, 'goalPrefix');
      if (!prefix || !PREFIX.test(prefix) || textOf(plugin, 'artifactId') !== artifactId) return undefined;
      return { prefix, name: (textOf(plugin, 'name') ?? artifactId).slice(0, 200).toWellFormed() };
    }
  } catch (error) {
    if (!(error instanceof UnreadableArchive || error instanceof UnreadableXml)) throw error;
  }
  return undefined;
}
