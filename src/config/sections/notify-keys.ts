import { optional, required, withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';
import { choice, command, list, localFile } from '../values/plain-kinds.ts';
import { webhookUrl } from '../values/webhook-url.ts';

/** What a receiver can be told of. */
export const NOTICE_KINDS = ['service', 'scope', 'host', 'wait', 'job', 'image', 'store'] as const;

export const notifyKeys = {
  form: required(
    choice('webhook', 'slack'),
    'What is sent: JSON for programs, or the text of an incoming webhook of Slack, which Mattermost and others read, too.',
  ),
  url: optional(
    webhookUrl,
    'Where it is sent. Who knows the URL can send there, so it is a secret. It is called through the proxy of the environment. Redirects are refused.',
  ),
  url_file: optional(localFile, 'File that holds the URL and nothing else. Used when `url` is not set.'),
  url_command: optional(
    command,
    'Program that prints the URL. It runs at each start, without a shell, and may take 30 seconds. Used when neither `url` nor `url_file` is set.',
  ),
  on: withDefault(
    list(choice(...NOTICE_KINDS)),
    [...NOTICE_KINDS],
    'What is told: `service` (no job can be served), `scope` (a breaker, a poll, the rate limit, a name), `host` (silent and back), `wait`, `job` (lost or given up), `image` (GitHub will refuse its runner), `store` (unreadable rows).',
  ),
  oldest_wait: withDefault(
    duration,
    '30m',
    'A `wait` is told when the oldest queued job of a profile has waited this long.',
  ),
};
