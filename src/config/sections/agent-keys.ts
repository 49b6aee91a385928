import { type Kind, optional, required, withDefault } from '../key.ts';
import { agentUrl } from '../values/http-url.ts';
import { command, integer, localFile, secret, textLike } from '../values/plain-kinds.ts';

export const DEFAULT_AGENT_URL = 'http://127.0.0.1:8011/v1';

/** Virtual machines that macOS and the agent allow to run at the same time on one Mac. */
export const MAX_VMS_PER_HOST = 2;

/**
 * Says why a text cannot be a token of the agent, which takes 32 to 512 bytes of printable ASCII without blanks; null
 * when it can be one. The sentence contains no part of the token.
 */
export function agentTokenProblem(token: string): string | null {
  const hint = 'Copy it again from the agent\'s menu bar ("Copy API Token").';
  if (/^[{[]/.test(token)) {
    return `is JSON. The agent's config.json holds no token: it keeps that in the macOS Keychain. ${hint}`;
  }
  if (!/^[\x21-\x7e]*$/.test(token)) return `holds blanks or letters that no agent token has. ${hint}`;
  const { length } = token;
  return length >= 32 && length <= 512
    ? null
    : `is ${length} bytes long; the agent's tokens have 32 to 512. ${hint}`;
}

const tokenSchema = secret.schema.superRefine((token, ctx) => {
  const problem = agentTokenProblem(token);
  if (problem) ctx.addIssue(problem);
});
const agentToken: Kind<typeof tokenSchema> = { ...secret, schema: tokenSchema };

const tokenKeys = {
  token: optional(
    agentToken,
    'The agent\'s API token. The agent keeps it in the macOS Keychain, where it cannot be discovered: copy it from the agent\'s menu bar with "Copy API Token".',
  ),
  token_file: optional(
    localFile,
    'File that holds the token and nothing else. Used where `token` is absent.',
  ),
  token_command: optional(
    command,
    'Program that prints the token, run without a shell at each start and given 30 seconds. Used where neither `token` nor `token_file` nor an environment variable gives one.',
  ),
};

export const jeballtoKeys = {
  base_url: withDefault(
    agentUrl,
    DEFAULT_AGENT_URL,
    "The agent of the one Mac. Left out, host and port come from the agent's own config file, when this machine has one.",
  ),
  ...tokenKeys,
};

export const hostKeys = {
  name: required(
    textLike(
      /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/,
      'letters, digits, ".", "_" and "-", at most 64',
    ),
    'Name of the Mac in logs, records and variables. Keep it: records of running jobs name their host.',
  ),
  base_url: required(agentUrl, 'The agent of this Mac, such as `http://192.0.2.10:8011/v1`.'),
  ...tokenKeys,
  max_concurrent_vms: optional(
    integer(1, MAX_VMS_PER_HOST),
    'VMs that this Mac runs at once.',
    '`controller.max_concurrent_vms`',
  ),
};
