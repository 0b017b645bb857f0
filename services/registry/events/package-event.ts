import type { Project } from '../../domain/accounts.ts';
import type { Actor } from '../../domain/events.ts';

/** The part of an event that names the actor and the package. */
export function eventFacts(
  input: {
    readonly actor: Actor;
    readonly project: Project;
    readonly format: string;
    readonly name: string;
  },
  version: string | null,
) {
  return {
    actor: input.actor,
    projectId: input.project.id,
    projectPath: input.project.fullPath,
    format: input.format,
    name: input.name,
    version,
  };
}
