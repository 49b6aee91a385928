import { withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';

/** Milliseconds after which the agent ends a pull; it refuses a request for more. */
const MAX_PULL_MS = 604_800_000;

const creating = {
  ...duration,
  schema: duration.schema.refine(
    (ms) => ms <= MAX_PULL_MS,
    'is too long: the agent ends a pull after 7d. Write 7d or less.',
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
    'State `sshReady`: macOS boots, gets an address and accepts the login.',
  ),
  probing: withDefault(
    duration,
    '2m',
    'State `probing`: the daemon looks for the runner and its tools in the guest.',
  ),
  jit_config: withDefault(duration, '5m', 'State `jitConfig`: GitHub returns the configuration of a runner.'),
  runner_online: withDefault(
    duration,
    '5m',
    'State `runnerOnline`: the runner is launched in the guest, and GitHub sees it online.',
  ),
  completion_grace: withDefault(
    duration,
    '60s',
    'How long the process of a runner may go on after its job is completed. Then GitHub is asked whether the job is over, before the VM is deleted.',
  ),
  retire_window: withDefault(
    duration,
    '30s',
    'How long a deregistered runner is watched for signs of a job before its VM may be deleted.',
  ),
  create_settle: withDefault(
    duration,
    '2m',
    'How long a call that creates a VM or registers a runner may still take effect when its response was lost.',
  ),
  host_lost: withDefault(
    duration,
    '2m',
    'A host that does not answer for this long counts as lost. Its jobs that do not run yet then get another VM.',
  ),
};
