import { withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';

/** Milliseconds after which the agent ends a pull; it refuses a request for more. */
const MAX_PULL_MS = 604_800_000;

const creating = {
  ...duration,
  schema: duration.schema.refine(
    (ms) => ms <= MAX_PULL_MS,
    'is too long: the agent ends a pull after 7d at the latest.',
  ),
};

export const timeoutKeys = {
  creating: withDefault(
    creating,
    '2h',
    'State `creating`: image pull, VM and size. A first pull may take very long.',
  ),
  starting: withDefault(
    duration,
    '5m',
    'State `starting`: power on. Waiting for a free slot does not count.',
  ),
  ssh_ready: withDefault(
    duration,
    '10m',
    'State `sshReady`: macOS boots, gets an address and lets us log in.',
  ),
  probing: withDefault(
    duration,
    '2m',
    'State `probing`: the runner and its tools are looked for in the guest.',
  ),
  jit_config: withDefault(
    duration,
    '5m',
    'State `jitConfig`: GitHub hands out the configuration of a runner.',
  ),
  runner_online: withDefault(
    duration,
    '5m',
    'State `runnerOnline`: launched in the guest and seen online by GitHub.',
  ),
  completion_grace: withDefault(
    duration,
    '60s',
    "From a job's completion to the end of its runner's process; then the VM goes.",
  ),
  retire_window: withDefault(
    duration,
    '30s',
    'How long a deregistered runner is watched for signs of a job before its VM may go.',
  ),
  create_settle: withDefault(
    duration,
    '2m',
    'How long a create or a registration whose end nobody saw may still take effect.',
  ),
  host_lost: withDefault(
    duration,
    '2m',
    'After so long without an answer, jobs on a host are decided without it.',
  ),
};
