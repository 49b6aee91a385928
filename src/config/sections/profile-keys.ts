import { optional, required, withDefault } from '../key.ts';
import { imageReference } from '../values/image-reference.ts';
import { integer } from '../values/plain-kinds.ts';
import { size } from '../values/size.ts';

const MAX_LIFETIME_SECONDS = 604_800;

/** What a label selects. The ranges are those of the agent. */
export const profileKeys = {
  image: required(
    imageReference,
    'Image that holds macOS and the Actions runner. With a digest, a job needs no registry once the image is there.',
  ),
  cpu: optional(integer(1, 32), 'CPUs of the VM; the Mac must have one more.', "the image's own"),
  memory: optional(size('2GB', '128GB'), 'Memory of the VM.', "the image's own"),
  disk: optional(
    size('20GB', '8TB'),
    "Disk of the VM. It can only grow, and the guest's volume does not grow with it.",
    "the image's own",
  ),
  lifetime_seconds: withDefault(
    integer(1, MAX_LIFETIME_SECONDS, 'seconds'),
    7200,
    'After so long from its first start, the agent powers the VM off, whatever runs in it: above the longest job.',
  ),
  warm: withDefault(
    integer(0, 100, 'VMs'),
    0,
    'VMs of this profile that are kept booted and probed, without a runner, in slots that nobody else needs. A job takes one at once; a queued job of another profile takes its slot away. Each is a VM that runs for nothing until then.',
  ),
};
