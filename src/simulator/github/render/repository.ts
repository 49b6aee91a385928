import { apiUrl, type GitHubBase } from '../github-base.ts';
import type { Repository } from '../repositories.ts';
import { simpleUser } from './account.ts';
import { instant, nodeId } from './format.ts';

/** Addresses below the repository's own, by field. */
const PATHS = Object.entries({
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
});

export function repositoryUrl(world: GitHubBase, { fullName }: Repository): string {
  return `${apiUrl(world)}/repos/${fullName}`;
}

export function repositoryPage(world: GitHubBase, { fullName }: Repository): string {
  return `${world.origin}/${fullName}`;
}

/** Returns the repository as it is in runs. */
export function minimalRepository(world: GitHubBase, repository: Repository) {
  const url = repositoryUrl(world, repository);
  const below = Object.fromEntries(PATHS.map(([field, path]) => [field, `${url}${path}`]));
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: repository.fullName,
    private: repository.isPrivate,
    owner: simpleUser(world, repository.owner),
    html_url: repositoryPage(world, repository),
    description: null,
    fork: false,
    url,
    ...below,
  };
}

/** Returns the repository as it is in webhooks. */
export function repositoryOfEvent(world: GitHubBase, repository: Repository) {
  const page = repositoryPage(world, repository);
  const { host } = new URL(world.origin);
  const createdAt = instant(repository.createdAt);
  return {
    ...minimalRepository(world, repository),
    created_at: createdAt,
    updated_at: createdAt,
    pushed_at: createdAt,
    git_url: `git://${host}/${repository.fullName}.git`,
    ssh_url: `git@${host}:${repository.fullName}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: repository.isArchived,
    disabled: false,
    open_issues_count: 0,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repository.isPrivate ? 'private' : 'public',
    forks: 0,
    open_issues: 0,
    watchers: 0,
    default_branch: 'main',
    custom_properties: {},
  };
}

/** Returns the response to `GET /repos/{owner}/{repo}`. */
export function fullRepository(world: GitHubBase, repository: Repository) {
  return {
    ...repositoryOfEvent(world, repository),
    network_count: 0,
    subscribers_count: 0,
    permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
  };
}
