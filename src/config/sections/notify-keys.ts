import { optional, required, withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';
import { choice, command, list, localFile } from '../values/plain-kinds.ts';
import { webhookUrl } from '../values/webhook-url.ts';

/** The kinds that can be reported to a receiver. */
export const NOTICE_KINDS = ['service', 'scope', 'host', 'wait', 'job', 'image', 'store'] as const;

export const notifyKeys = {
  form: required(
    choice('webhook', 'slack'),
    'What the receiver gets: `webhook` is JSON for programs, `slack` the text for an incoming webhook of Slack, which Mattermost and others accept, too.',
  ),
  url: optional(
    webhookUrl,
    'The address of the receiver. It is a secret, because anyone who knows it can send there. The daemon uses the proxy of the environment. Redirects are refused.',
  ),
  url_file: optional(localFile, 'File that holds the URL and nothing else. Used when `url` is not set.'),
  url_command: optional(
    command,
    'Program that prints the URL. It runs at each start and each reload, without a shell, and may take 30 seconds. Used when neither `url` nor `url_file` is set.',
  ),
  on: withDefault(
    list(choice(...NOTICE_KINDS)),
    [...NOTICE_KINDS],
    "What is reported to the receiver: `service` (no job can be served), `scope` (a part is in trouble: a breaker, a poll, the rate limit, a profile, a repository, the daemon's Mac), `host` (a host is in trouble), `wait` (jobs wait too long), `job` (a job was lost or given up), `image` (GitHub will refuse its runner), `store` (unreadable rows).",
  ),
  oldest_wait: withDefault(
    duration,
    '30m',
    '`wait` is reported when the oldest queued job of a profile has waited this long.',
  ),
};
