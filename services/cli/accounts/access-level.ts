import { levels } from '../../domain/access.ts';
import { choiceFlag } from './api-command.ts';

const { none: _none, admin: _admin, minimal: _minimal, ...grantable } = levels;

type Level = keyof typeof grantable;

/** The names of the access levels that members and bots can have, lowest first. */
export const levelNames = Object.keys(grantable) as readonly Level[];

/** Reads `--level`. @throws SettingsError when there is no such level */
export function levelFlag(text: string | undefined, ifAbsent: Level): number {
  return grantable[choiceFlag('level', text, levelNames) ?? ifAbsent];
}

/** The name of an access level, or its number if it has no name. */
export function levelName(level: number): string {
  return levelNames.find((name) => grantable[name] === level) ?? String(level);
}
