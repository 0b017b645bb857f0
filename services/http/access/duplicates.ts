import type { DuplicateRule, Group, Project } from '../../domain/accounts.ts';
import type { Registry } from '../../registry/context.ts';
import { maybeEntity } from '../../registry/records/entities.ts';
import { keys } from '../../registry/records/keys.ts';
import type { FormatContext } from './guard.ts';

/**
 * Whether a project lets a file of this format be published again: the rule of the nearest group above it that has
 * one, else the format's own. A rule's exceptions turn it around for the names or versions they match.
 */
export async function duplicatesFor(
  c: FormatContext,
  project: Project,
  nameAndVersion: readonly string[],
): Promise<'allow' | 'refuse'> {
  const { registry, format } = c.env;
  if (format.duplicates === 'never') return 'refuse';
  const rule = (await nearestRule(registry, project, format.id)) ?? {
    allowed: format.duplicatesAllowed ?? false,
    exceptions: '',
  };
  const excepted = rule.exceptions !== '' && (await matchesAny(rule.exceptions, nameAndVersion));
  return rule.allowed !== excepted ? 'allow' : 'refuse';
}

async function nearestRule(
  registry: Registry,
  project: Project,
  format: string,
): Promise<DuplicateRule | undefined> {
  const groups = await registry.table.getMany([...project.ancestors].reverse().map((id) => keys.group(id)));
  for (const item of groups) {
    const rule = maybeEntity<Group>(item)?.settings.duplicates[format];
    if (rule) return rule;
  }
  return undefined;
}

/** The RE2 engine is large, and few groups have exceptions: it is loaded when one has. */
async function matchesAny(pattern: string, texts: readonly string[]): Promise<boolean> {
  const { matchesWhole } = await import('../../shared/text/user-pattern.ts');
  return texts.some((text) => matchesWhole(pattern, text));
}
