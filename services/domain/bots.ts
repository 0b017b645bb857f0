/** The bots behind project and group access tokens, which have rights only where their token was created. */
import type { Membership, User } from './accounts.ts';

/** The project or group that a bot belongs to. */
export type BotHome = Pick<Membership, 'ownerKind' | 'ownerId'>;

/** The name of the bot behind an access token of a project or group. It never changes. */
export function botName({ kind, id }: { readonly kind: string; readonly id: number }, botId: number): string {
  return `${kind}_${id}_bot_${botId}`;
}

/** The home of a bot, which its name contains; undefined for people. */
export function homeOfBot({ bot, username }: Pick<User, 'bot' | 'username'>): BotHome | undefined {
  const match = bot ? /^(project|group)_(\d+)_bot_\d+$/.exec(username) : null;
  return match ? { ownerKind: match[1] as 'project' | 'group', ownerId: Number(match[2]) } : undefined;
}

/** Whether a membership of a user counts: all memberships of people do, and those of bots in their home. */
export function counts({ ownerKind, ownerId }: Membership, user: Pick<User, 'bot' | 'username'>): boolean {
  if (!user.bot) return true;
  const home = homeOfBot(user);
  return home?.ownerKind === ownerKind && home.ownerId === ownerId;
}
