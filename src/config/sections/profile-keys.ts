import { LONGEST_HOLD } from '../../../machines/job/hold.ts';
import { optional, required, withDefault } from '../key.ts';
import { durationUpTo } from '../values/duration.ts';
import { imageReference } from '../values/image-reference.ts';
import { integer } from '../values/plain-kinds.ts';
import { size } from '../values/size.ts';

const MAX_LIFETIME_SECONDS = 604_800;

/** What a label selects. The ranges are those of the agent. */
export const profileKeys = {
  image: required(
    imageReference,
    'Image that holds macOS and the Actions runner. With a digest in the reference, a job needs no registry once the Mac has the image, and another digest is tried on one host before the others get it.',
  ),
  cpu: optional(integer(1, 32), 'Number of CPUs of the VM. The Mac must have one more.', "the image's own"),
  memory: optional(size('2GB', '128GB'), 'Memory of the VM.', "the image's own"),
  disk: optional(
    size('20GB', '8TB'),
    "Disk of the VM. It can only grow, and the guest's volume does not grow with it.",
    "the image's own",
  ),
  lifetime_seconds: withDefault(
    integer(1, MAX_LIFETIME_SECONDS, 'seconds'),
    7200,
    'The agent powers the VM off this long after its first start, even while a job runs in it. Set it above the length of the longest job.',
  ),
  warm: withDefault(
    integer(0, 100, 'VMs'),
    0,
    'How many VMs of this profile are kept booted and probed, without a runner, in slots that no job needs. A job takes such a VM at once. A queued job of another profile that needs the slot ends the warm VM. Each warm VM uses CPU and memory of its Mac while it waits.',
  ),
  hold_failed: optional(
    durationUpTo(LONGEST_HOLD),
    'For how long the VM of a failed attempt or job is kept, so that a person can [look into it](operations.md#look-into-a-failed-vm). It keeps its slot: a job that needs it ends the hold, a Mac holds at most one VM, and no VM is held beyond its lifetime. A change does not concern VMs that are already held.',
    'no VM is held, unless an operator orders it',
  ),
};
