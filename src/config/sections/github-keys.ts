import { optional, required, withDefault } from '../key.ts';
import { githubApiUrl } from '../values/http-url.ts';
import { integer, list, localFile, secret, secrets, textLike } from '../values/plain-kinds.ts';

const number = integer(1, Number.MAX_SAFE_INTEGER);
const owner = textLike(
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/,
  'only the name of a user or an organization',
  'account',
);
const repository = textLike(
  /^(?:[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/)?(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
  '"repository" or "owner/repository"',
  '`repository` or `owner/repository`',
);

export const githubKeys = {
  token: optional(
    secret,
    'Personal access token, instead of the three keys of an App. It needs the permission "Actions: read", and "Administration: write" of the repositories or "Self-hosted runners: write" of the organization. A classic token needs the scope `repo` or `admin:org`.',
  ),
  app_id: optional(
    number,
    'Id of a GitHub App, which is recommended for production. It needs the next two keys as well.',
  ),
  app_private_key_path: optional(
    { ...localFile, holds: 'appKey' },
    "The App's private key, as the PEM file that GitHub created.",
  ),
  installation_id: optional(
    number,
    "Id of the App's installation on the owner's account: the number at the end of the address of its settings page.",
  ),
  owner: required(owner, 'The user or organization whose jobs are served.'),
  repository: optional(
    repository,
    'The repository whose jobs are served. Polling needs at least one, since GitHub lists queued jobs only by repository.',
  ),
  repositories: withDefault(list(repository), [], 'More repositories, in addition to `github.repository`.'),
  webhook_secret: optional(
    secrets,
    'The secret with which GitHub signs its webhook deliveries. Without it every delivery is refused. To change it without losing a delivery, list the new and the old secret here, change it at GitHub, then remove the old one. In an environment variable the list is JSON: `["new", "old"]`.',
  ),
  api_url: withDefault(
    githubApiUrl,
    'https://api.github.com',
    "GitHub's REST API. GitHub Enterprise Server: `https://HOST/api/v3`; data residency: `https://api.NAME.ghe.com`.",
  ),
};

/** Returns `owner/repository` for a name that may be written without its owner. */
export function fullName(owner: string, name: string): string {
  return name.includes('/') ? name : `${owner}/${name}`;
}
