import { withDefault } from '../key.ts';
import { duration } from '../values/duration.ts';
import { listenAddress } from '../values/listen-address.ts';
import { choice, flag, integer, textLike } from '../values/plain-kinds.ts';
import { MAX_VMS_PER_HOST } from './agent-keys.ts';

const id = textLike(/^[a-z0-9]{1,16}$/, 'lower-case letters and digits, at most 16 and no "-"');
const prefix = textLike(
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
  'lower-case letters and digits, with single "-" between them',
);

export const controllerKeys = {
  id: withDefault(
    id,
    'default',
    'Tells the VMs and runners of this daemon from those of another one with the same prefix. No two daemons that share a host or a GitHub account may share it. Letters and digits without `-`.',
  ),
  mode: withDefault(
    choice('poll', 'webhook', 'both'),
    'poll',
    'How queued jobs are noticed. `poll` needs no way in from the internet, `webhook` is quicker, `both` survives lost webhooks soonest. Each mode looks at GitHub now and then, since webhooks get lost.',
  ),
  poll_interval: withDefault(
    duration,
    '10s',
    'Between two looks for queued jobs: in `poll` always, in `both` until webhooks are trusted, in either mode with webhooks while they are doubted. An idle look costs nothing of the rate limit.',
  ),
  recheck_interval: withDefault(
    duration,
    '60s',
    'Between two looks at GitHub while webhooks are trusted, and at what hardly changes: a lost webhook delays a job or a cleanup and does not prevent it.',
  ),
  webhook_listen: withDefault(
    listenAddress,
    ':9090',
    'Public listener with `/webhook` and `/healthz`, in every mode. `:9090` means every IPv4 interface.',
  ),
  max_concurrent_vms: withDefault(
    integer(1, MAX_VMS_PER_HOST),
    2,
    'VMs that one Mac runs at once. Two is the limit of macOS, and VMs of others count.',
  ),
  vm_idle_timeout: withDefault(
    duration,
    '5m',
    'How long an online runner may wait for a job before it is retired, with its guest asked first.',
  ),
  warm_vm_max_age: withDefault(
    duration,
    '1h',
    'How long a warm VM (`labels.<label>.warm`) stands by before it is replaced. Its `lifetime_seconds` counts from then, so that a job which takes it has all of its time.',
  ),
  gc_interval: withDefault(
    duration,
    '60s',
    'Between two runs of the collector, which removes what has no owner any more.',
  ),
  vm_name_prefix: withDefault(
    prefix,
    'gh',
    'Start of every name: VMs and runners are called `<prefix>-<controller id>-<job id>-<number>`, base VMs `<prefix>-<controller id>-base-…`. May hold `-`, since names are read from their end. Nothing whose name does not fit is ever touched.',
  ),
  base_vms: withDefault(
    flag,
    false,
    'Keeps one stopped VM of each profile on each host and clones it for a job, instead of creating each VM from its image: nothing is pulled or resized while a job waits. A moved tag is then noticed within `gc_interval`, not by the next job.',
  ),
  max_attempts: withDefault(
    integer(1, 100),
    3,
    'Attempts that may fail for a reason of ours, the host or the image before a job is tried at a slower pace: after 5 minutes, doubling up to an hour. No job is given up that GitHub has queued.',
  ),
  host_check_interval: withDefault(
    duration,
    '5s',
    'Between two looks at the health and the VMs of each host.',
  ),
};
