import { apiUrl } from '../github-base.ts';
import type { AppOptions } from '../options.ts';
import type { Accounts } from '../repositories.ts';
import { actor } from './account.ts';
import { nodeId } from './format.ts';

const SINCE = '2024-01-01T00:00:00Z';
const EVENTS = ['workflow_job'];

/** Returns the response to `GET /app`. */
export function renderApp(world: Accounts, app: AppOptions) {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('A', app.id),
    client_id: `Iv1.${String(app.id).padStart(16, '0')}`,
    owner: actor(world, 'octocat'),
    name: app.slug,
    description: '',
    external_url: `${world.origin}/apps/${app.slug}`,
    html_url: `${world.origin}/apps/${app.slug}`,
    created_at: SINCE,
    updated_at: SINCE,
    permissions: app.permissions,
    events: EVENTS,
    installations_count: Object.keys(app.installations).length,
  };
}

export function renderInstallation(world: Accounts, app: AppOptions, id: number, login: string) {
  const account = actor(world, login);
  return {
    id,
    account,
    repository_selection: 'all',
    access_tokens_url: `${apiUrl(world)}/app/installations/${id}/access_tokens`,
    repositories_url: `${apiUrl(world)}/installation/repositories`,
    html_url: `${world.origin}/organizations/${login}/settings/installations/${id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: app.permissions,
    events: EVENTS,
    created_at: SINCE,
    updated_at: SINCE,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: null,
  };
}
