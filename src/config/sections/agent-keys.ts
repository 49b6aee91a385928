import { counted } from '../../format.js';
import { type Kind, optional, required, withDefault } from '../key.ts';
import { agentUrl } from '../values/http-url.ts';
import { maintenanceWindow } from '../values/maintenance-window.ts';
import { command, integer, list, localFile, secret, textLike } from '../values/plain-kinds.ts';

export const DEFAULT_AGENT_URL = 'http://127.0.0.1:8011/v1';

/** Virtual machines that macOS and the agent allow to run at the same time on one Mac. */
export const MAX_VMS_PER_HOST = 2;

/**
 * Says why a text cannot be a token of the agent, which has 32 to 512 bytes of printable ASCII without
 * spaces; null when it can be one. The sentence contains no part of the token.
 */
export function agentTokenProblem(token: string): string | null {
  const hint = 'Copy it again from the agent\'s menu bar ("Copy API Token").';
  if (/^[{[]/.test(token)) {
    return `is JSON. The agent's config.json holds no token: the agent keeps it in the macOS Keychain. ${hint}`;
  }
  if (!/^[\x21-\x7e]*$/.test(token))
    return `contains spaces or other characters that no agent token has. ${hint}`;
  const { length } = token;
  return length >= 32 && length <= 512
    ? null
    : `has ${counted(length, 'byte')}, but the agent's tokens have 32 to 512. ${hint}`;
}

const tokenSchema = secret.schema.superRefine((token, ctx) => {
  const problem = agentTokenProblem(token);
  if (problem) ctx.addIssue(problem);
});
const agentToken: Kind<typeof tokenSchema> = { ...secret, schema: tokenSchema };

const tokenKeys = {
  token: optional(
    agentToken,
    'The agent\'s API token. The agent keeps it in the macOS Keychain, where no other program can read it: copy it from the agent\'s menu bar with "Copy API Token".',
  ),
  token_file: optional(
    localFile,
    'File that holds the token and nothing else. Used when `token` is not set.',
  ),
  token_command: optional(
    command,
    'Program that prints the token. It runs at each start and each reload, without a shell, and may take 30 seconds. Used when neither `token` nor `token_file` nor an environment variable gives a token.',
  ),
};

export const jeballtoKeys = {
  base_url: withDefault(
    agentUrl,
    DEFAULT_AGENT_URL,
    "URL of the agent. When it is left out, host and port come from the agent's own config file, if this machine has one.",
  ),
  ...tokenKeys,
};

export const hostKeys = {
  name: required(
    textLike(
      /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/,
      'letters, digits, ".", "_" and "-", at most 64',
    ),
    'Name of the Mac in logs, records and variables. Do not change it while jobs run: their records name their host.',
  ),
  base_url: required(agentUrl, 'URL of the agent on this Mac, such as `http://192.0.2.10:8011/v1`.'),
  ...tokenKeys,
  max_concurrent_vms: optional(
    integer(1, MAX_VMS_PER_HOST),
    'How many VMs this Mac runs at once.',
    '`controller.max_concurrent_vms`',
  ),
  maintenance: optional(
    { ...list(maintenanceWindow), form: 'command' },
    'Times in which this Mac gets no jobs, such as `[{ "start": "0 3 * * 0", "duration": "2h", "time_zone": "Europe/Berlin" }]`: each begins as its cron expression says, in its time zone, and drains the Mac.',
  ),
};
