import { apiUrl, type GitHubBase } from '../github-base.ts';
import type { Account, Accounts } from '../repositories.ts';
import { nodeId } from './format.ts';

/** GitHub's `simple-user`, which describes users, organizations and bots. */
export function simpleUser(world: GitHubBase, { id, login, type }: Pick<Account, 'id' | 'login' | 'type'>) {
  const url = `${apiUrl(world)}/users/${login}`;
  return {
    login,
    id,
    node_id: nodeId(type === 'User' ? 'U' : 'O', id),
    avatar_url: `${world.origin}/avatars/u/${id}?v=4`,
    gravatar_id: '',
    url,
    html_url: `${world.origin}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    user_view_type: 'public',
    site_admin: false,
  };
}

/** Returns the user who pushed; it may not be an account of the world. */
export function actor(world: Accounts, login: string) {
  const known = world.accounts.get(login.toLowerCase());
  return simpleUser(world, known ?? { id: 583_231, login, type: 'User' });
}

/** Returns the organization as it is in webhooks. */
export function organization(world: GitHubBase, { id, login }: Account) {
  const url = `${apiUrl(world)}/orgs/${login}`;
  return {
    login,
    id,
    node_id: nodeId('O', id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${world.origin}/avatars/u/${id}?v=4`,
    description: '',
  };
}

/** Returns the response to `GET /user`. */
export function privateUser(world: Accounts, login: string) {
  const since = '2011-01-25T18:44:36Z';
  return {
    ...actor(world, login),
    name: login,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: since,
    updated_at: since,
    private_gists: 0,
    total_private_repos: 1,
    owned_private_repos: 1,
    disk_usage: 0,
    collaborators: 0,
    two_factor_authentication: true,
  };
}
