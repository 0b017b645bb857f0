import type { Hono } from 'hono';
import * as z from 'zod';
import { type CatalogEntry, catalog, type FixedSetting } from '../catalog.ts';
import type { DuplicateRule, Group, PackageSettings } from '../domain/accounts.ts';
import { badParameters } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { changeGroup } from '../registry/accounts/change-group.ts';
import { patternProblem } from '../shared/text/user-pattern.ts';
import { flag, readParams } from './params.ts';
import { openGroup, scopes } from './request.ts';

const pattern = z.string().superRefine((text, context) => {
  const message = patternProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** GitLab's settings of the instance that have one value here. */
const fixedHere: readonly FixedSetting[] = [
  { name: 'audit_events_enabled', value: true, why: 'every change is recorded' },
];

/** All settings that have one value here. */
const fixed: readonly FixedSetting[] = [...fixedHere, ...catalog.flatMap(fixedOf)];

function fixedOf({ id, fixedSettings = [] }: CatalogEntry): readonly FixedSetting[] {
  const why = 'requests are not forwarded to public registries';
  const forwarding = `${id}_package_requests_forwarding`;
  return [
    { name: forwarding, value: false, why },
    { name: `lock_${forwarding}`, value: false, why },
    ...fixedSettings,
  ];
}

/** Accepts only the value in force, and null, which changes nothing. */
function only({ value, why }: FixedSetting) {
  return flag.superRefine((given, context) => {
    if (given !== value) context.addIssue({ code: 'custom', message: `can only be ${value}: ${why}` });
  });
}

/**
 * `<format>_duplicates_allowed` and `<format>_duplicate_exception_regex` for every format, and GitLab's settings that
 * have one value here. Others are unknown.
 */
const changes = z.strictObject({
  ...Object.fromEntries(
    catalog.flatMap(({ id }) => [
      [`${id}_duplicates_allowed`, z.union([z.null(), flag]).optional()],
      [`${id}_duplicate_exception_regex`, z.union([z.null(), pattern]).optional()],
    ]),
  ),
  ...Object.fromEntries(fixed.map((setting) => [setting.name, only(setting).optional()])),
});

/**
 * `/groups/:id/package_settings`, which GitLab offers only in GraphQL: whether a published package may be
 * published again, for each format. A rule also applies to subgroups without their own rule; null removes it.
 * Settings that can't be honoured, and unknown ones, are refused.
 */
export function packageSettingsRoutes(app: Hono<CallEnv>): void {
  app.get('/groups/:id/package_settings', async (c) => {
    const { group } = await openGroup(c, 'own', scopes.read);
    return replyJson(c, 200, settingsJson(group));
  });
  app.put('/groups/:id/package_settings', async (c) => {
    const { group, principal } = await openGroup(c, 'own', scopes.write);
    const input = await readParams(c, changes);
    refuseIgnored(input);
    const settings = (before: PackageSettings) => ({ duplicates: changedRules(before, input) });
    const changed = await changeGroup(c.env.registry, group, { settings }, actorOf(principal, c));
    return replyJson(c, 200, settingsJson(changed));
  });
}

/** Refuses settings that the format ignores, unless they match what it does anyway. */
function refuseIgnored(input: z.infer<typeof changes>): void {
  const ignored = catalog
    .filter(({ duplicates }) => duplicates === 'never')
    .flatMap(({ id, title }) => {
      const why = `${title} clients rely on files that never change once they are published`;
      return [
        ...(input[`${id}_duplicates_allowed`] ? [`${id}_duplicates_allowed can only be false: ${why}`] : []),
        ...(input[`${id}_duplicate_exception_regex`]
          ? [`${id}_duplicate_exception_regex can only be empty: ${why}`]
          : []),
      ];
    });
  if (ignored.length > 0) throw badParameters(ignored);
}

function changedRules(
  before: PackageSettings,
  input: z.infer<typeof changes>,
): PackageSettings['duplicates'] {
  const rules: Record<string, DuplicateRule> = { ...before.duplicates };
  for (const { id } of catalog) {
    const allowed = input[`${id}_duplicates_allowed`] as boolean | null | undefined;
    const exceptions = input[`${id}_duplicate_exception_regex`] as string | null | undefined;
    const rule = rules[id];
    if (allowed === null) delete rules[id];
    else if (allowed !== undefined || rule) {
      rules[id] = {
        allowed: allowed ?? rule?.allowed ?? false,
        exceptions: exceptions === undefined ? (rule?.exceptions ?? '') : (exceptions ?? ''),
      };
    } else if (exceptions) throw badParameters([`${id}_duplicates_allowed is missing`]);
  }
  return rules;
}

function settingsJson(group: Group) {
  return Object.fromEntries([
    ...catalog.flatMap(({ id, duplicates }) => {
      const rule = group.settings.duplicates[id];
      const never = duplicates === 'never';
      return [
        [`${id}_duplicates_allowed`, rule ? rule.allowed && !never : null],
        [`${id}_duplicate_exception_regex`, never ? '' : (rule?.exceptions ?? '')],
      ];
    }),
    ...fixed.map(({ name, value }) => [name, value]),
  ]);
}
