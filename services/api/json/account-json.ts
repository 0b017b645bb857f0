/**
 * Renders users, groups and projects as in GitLab's API. Fields without meaning here have the value clients
 * expect.
 */
import type { Group, Project, User } from '../../domain/accounts.ts';

/** Formats a time (in milliseconds since the epoch, or null) as GitLab does. */
export function timeJson(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** A user as seen by others. */
export function userJson(url: string, user: User) {
  return {
    id: user.id,
    username: user.username,
    public_email: null,
    name: user.name,
    state: user.state,
    locked: false,
    avatar_url: null,
    web_url: `${url}/${user.username}`,
  };
}

/** A user as seen by the user and by administrators. */
export function fullUserJson(url: string, user: User) {
  return {
    ...userJson(url, user),
    created_at: timeJson(user.createdAt),
    bio: '',
    location: '',
    organization: '',
    job_title: '',
    bot: user.bot,
    last_sign_in_at: null,
    confirmed_at: timeJson(user.createdAt),
    last_activity_on: null,
    email: user.email,
    commit_email: user.email,
    theme_id: null,
    color_scheme_id: null,
    projects_limit: 100_000,
    current_sign_in_at: null,
    identities: [],
    can_create_group: true,
    can_create_project: true,
    two_factor_enabled: false,
    external: false,
    private_profile: false,
    is_admin: user.admin,
    note: null,
    namespace_id: user.namespaceId === 0 ? null : user.namespaceId,
    created_by: null,
  };
}

/** A group. */
export function groupJson(url: string, group: Group) {
  return {
    id: group.id,
    web_url: `${url}/groups/${group.fullPath}`,
    name: group.name,
    path: group.path,
    description: group.description,
    visibility: group.visibility,
    share_with_group_lock: false,
    require_two_factor_authentication: false,
    two_factor_grace_period: 48,
    project_creation_level: group.projectCreationLevel,
    auto_devops_enabled: null,
    subgroup_creation_level: group.subgroupCreationLevel,
    emails_disabled: false,
    emails_enabled: true,
    mentions_disabled: null,
    lfs_enabled: false,
    archived: false,
    math_rendering_limits_enabled: true,
    lock_math_rendering_limits_enabled: false,
    default_branch: null,
    default_branch_protection: 2,
    avatar_url: null,
    request_access_enabled: false,
    full_name: group.fullName,
    full_path: group.fullPath,
    created_at: timeJson(group.createdAt),
    parent_id: group.parentId,
    organization_id: 1,
    shared_runners_setting: 'enabled',
    membership_lock: false,
    marked_for_deletion_on: null,
  };
}

/** A group or personal namespace, as the namespace of projects. */
export function namespaceJson(url: string, namespace: Group) {
  const { id, name, path, kind, fullPath, parentId } = namespace;
  return {
    id,
    name,
    path,
    kind,
    full_path: fullPath,
    parent_id: parentId,
    avatar_url: null,
    web_url: kind === 'group' ? `${url}/groups/${fullPath}` : `${url}/${fullPath}`,
  };
}

/** A project in short form (`simple=true`). `namespace` may be undefined while the project is being deleted. */
export function simpleProjectJson(url: string, project: Project, namespace: Group | undefined) {
  return {
    id: project.id,
    description: project.description,
    name: project.name,
    name_with_namespace: project.fullName,
    path: project.path,
    path_with_namespace: project.fullPath,
    created_at: timeJson(project.createdAt),
    default_branch: null,
    tag_list: [],
    topics: [],
    ssh_url_to_repo: `git@${new URL(url).hostname}:${project.fullPath}.git`,
    http_url_to_repo: `${url}/${project.fullPath}.git`,
    web_url: `${url}/${project.fullPath}`,
    readme_url: null,
    forks_count: 0,
    avatar_url: null,
    star_count: 0,
    last_activity_at: timeJson(project.updatedAt),
    visibility: project.visibility,
    namespace: namespace ? namespaceJson(url, namespace) : null,
  };
}

/** A project. */
export function projectJson(url: string, project: Project, namespace: Group | undefined) {
  const self = `${url}/api/v4/projects/${project.id}`;
  const host = new URL(url).host;
  const { containerAccess = 'enabled' } = project;
  return {
    ...simpleProjectJson(url, project, namespace),
    _links: { self, members: `${self}/members` },
    updated_at: timeJson(project.updatedAt),
    packages_enabled: project.registryAccess !== 'disabled',
    package_registry_access_level: project.registryAccess,
    empty_repo: true,
    archived: project.archived,
    creator_id: project.creatorId,
    container_registry_image_prefix: `${host}/${project.fullPath.toLowerCase()}`,
    container_registry_enabled: containerAccess !== 'disabled',
    container_registry_access_level: containerAccess,
    repository_access_level: 'disabled',
    issues_enabled: false,
    merge_requests_enabled: false,
    wiki_enabled: false,
    jobs_enabled: false,
    snippets_enabled: false,
    lfs_enabled: false,
    request_access_enabled: false,
    shared_runners_enabled: false,
    open_issues_count: 0,
    import_status: 'none',
    ci_job_token_scope_enabled: false,
    shared_with_groups: [],
    marked_for_deletion_on: null,
    marked_for_deletion_at: null,
  };
}
