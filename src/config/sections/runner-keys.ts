import { optional, untilRestart, withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';
import { choice, list, localFile, secret, text, textLike } from '../values/plain-kinds.ts';

const MAX_LABEL_LENGTH = 256;

/** Says why a text cannot be a label of a runner; null when it can. A comma would split it into two labels. */
export function labelProblem(label: string): string | null {
  if (label === '' || label.trim() !== label) return 'is empty, or begins or ends with a space.';
  if (/[,\p{Cc}]/u.test(label))
    return 'contains a comma or a control character, which GitHub refuses in labels.';
  return label.length > MAX_LABEL_LENGTH ? `is longer than ${MAX_LABEL_LENGTH} characters.` : null;
}

const label = textLike(
  /^[^\s,](?:[^,\p{Cc}]{0,254}[^\s,])?$/u,
  'a label of at most 256 characters, without commas',
  'label',
);

export const runnerKeys = {
  ssh_user: withDefault(
    textLike(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/, 'a user name of macOS'),
    'admin',
    'User for the login in the guest. The image must have it.',
  ),
  ssh_password: withDefault(secret, 'admin', "That user's password in the image."),
  ssh_private_key_path: optional(
    { ...localFile, holds: 'sshKey' },
    'Private key for the login, in addition to the password. When the guest accepts no password, also put the public key of the user that runs the agent into the image: the login of the agent is the second way to ask a guest whether a job runs.',
  ),
  install_path: withDefault(
    textLike(
      /^(?:~|~?\/[^\0\n]*)$/,
      'an absolute path in the guest, or one that begins with "~/"',
      'path in the guest',
    ),
    '/Users/admin/actions-runner',
    'Where the image holds the Actions runner: the folder with `run.sh` and `config.sh`. `~/…` is the home of `runner.ssh_user`.',
  ),
  connect_timeout: withDefault(
    duration,
    '20s',
    "How long a connection may take until the guest's SSH server sends its first line. The login after that may take as long again.",
  ),
  scope: untilRestart(
    optional(
      choice('repository', 'organization'),
      'Where runners are registered. For an organization the token or the App needs "Self-hosted runners: write" there.',
      '`repository` when repositories are given, else `organization`',
    ),
  ),
  group: withDefault(
    text,
    'Default',
    'Runner group in the organization. A repository has only one group, so this key has no effect there.',
  ),
  labels: withDefault(
    list(label),
    ['self-hosted', 'macos', 'arm64'],
    'Labels that every runner has in addition to the label of its profile. GitHub adds no labels of its own to these runners, so a job gets a VM only when each label of its `runs-on` is in this list or is the label of the profile.',
  ),
};
