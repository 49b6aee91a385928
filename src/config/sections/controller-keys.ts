import { untilRestart, withDefault } from '../key.ts';
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
  id: untilRestart(
    withDefault(
      id,
      'default',
      'Part of the name of every VM and runner: it separates those of this daemon from those of another one with the same prefix. Daemons that share a host or a GitHub account need different ids. Lower-case letters and digits, without `-`.',
    ),
  ),
  mode: withDefault(
    choice('poll', 'webhook', 'both'),
    'poll',
    'How the daemon finds queued jobs. `poll` asks GitHub and needs no connection from the internet. `webhook` is quicker. `both` polls like `poll` until the first webhook arrives, and then works like `webhook`. Every mode polls GitHub now and then, because webhooks get lost.',
  ),
  poll_interval: withDefault(
    duration,
    '10s',
    'Time between two polls for queued jobs: in mode `poll` always, and in mode `both` until the first webhook arrives. In modes `both` and `webhook` it is also used while webhooks are doubted: a poll found something that no webhook had reported. A poll that finds nothing new costs nothing of the rate limit.',
  ),
  recheck_interval: withDefault(
    duration,
    '60s',
    'Time between two polls in modes `webhook` and `both`, while `poll_interval` is not used. In every mode also the time between two reads of runs that wait for an approval or for another run. So a lost webhook delays a job or a cleanup, and nothing is lost.',
  ),
  webhook_listen: untilRestart(
    withDefault(
      listenAddress,
      ':9090',
      'Public listener with `/webhook` and `/healthz`, in every mode. `:9090` means every IPv4 interface.',
    ),
  ),
  max_concurrent_vms: withDefault(
    integer(1, MAX_VMS_PER_HOST),
    2,
    'How many VMs one Mac runs at once. macOS allows two, and VMs that are not of this daemon count too.',
  ),
  vm_idle_timeout: withDefault(
    duration,
    '5m',
    'How long an online runner may wait for a job. Then its guest is asked whether a job runs; if none does, the runner and its VM are removed.',
  ),
  warm_vm_max_age: withDefault(
    duration,
    '1h',
    'How long a warm VM (`labels.<label>.warm`) waits for a job before it is replaced. This time is added to its `lifetime_seconds`, so that a job which takes the VM late has all of its time.',
  ),
  gc_interval: withDefault(
    duration,
    '60s',
    'Time between two runs of the collector, which removes VMs and runners that no record owns.',
  ),
  vm_name_prefix: untilRestart(
    withDefault(
      prefix,
      'gh',
      'Start of every name: VMs and runners are called `<prefix>-<controller id>-<job id>-<number>`, base VMs `<prefix>-<controller id>-base-…`. It may contain `-`, since names are parsed from their end. The daemon never touches a VM or a runner whose name does not have this form.',
    ),
  ),
  base_vms: withDefault(
    flag,
    false,
    'Keeps one stopped VM of each profile on each host and clones it for a job, instead of creating each VM from its image: nothing is pulled or resized while a job waits. If the tag of an image moves, the daemon notices it within `gc_interval`, and tries the new image on one host before the others get it.',
  ),
  max_attempts: withDefault(
    integer(1, 100),
    3,
    'After so many failed attempts of a job, the pauses before its next attempts are longer: 5 minutes, then twice as long each time, up to an hour. Only attempts count that failed because of the daemon, the host or the image. The job is not given up while GitHub has it queued.',
  ),
  host_check_interval: withDefault(
    duration,
    '5s',
    'Time between two checks of the health and the VMs of each host.',
  ),
};
