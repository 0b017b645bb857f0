import type { Project } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import type { FormatContext, GuardOptions } from '../../http/access/guard.ts';
import type { ReplyHeaders } from '../../http/answer/reply.ts';
import { imageName, repositoryPath } from './names.ts';

/** How guards find the repository of a request. */
export const repository = {
  projectPath: (c: FormatContext) => c.req.param('repository') ?? '',
  name: (_c: FormatContext, rest: string) => imageName(rest),
} satisfies GuardOptions;

/** A repository that a request has access to. */
export interface Repository {
  readonly project: Project;
  readonly name: PackageName;
}

/** The address of something in a repository, as a path: behind a gateway, clients know the host better. */
export function locationOf({ project, name }: Repository, ...rest: readonly string[]): string {
  return ['/v2', repositoryPath(project.fullPath, name), ...rest].join('/');
}

/** Headers that name a stored blob or manifest. */
export function digestHeaders(digest: string): ReplyHeaders {
  return { 'docker-content-digest': digest };
}
