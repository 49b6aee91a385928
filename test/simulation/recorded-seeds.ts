import type { TroubleKind } from './trouble.ts';

interface RecordedSeed {
  seed: number;
  found: string;
  /** The troubles that the seed drew then, and whether it drew clocks. */
  troubles?: readonly TroubleKind[];
  hasClocks?: boolean;
}

/** Seeds that once broke a law, with what they found; each must always pass from now on. */
export const RECORDED_SEEDS: RecordedSeed[] = [
  {
    seed: 2454,
    found: 'the check of law 8 took the end of a full host for a deadline that a restart extended',
  },
  { seed: 20311, found: 'a delivery that the closing store had refused was acknowledged in its second copy' },
  {
    seed: 109,
    found: 'the collector deleted what had been started since it had looked, while GitHub was slow',
  },
  {
    seed: 44,
    found:
      'nothing in the daemon: a simulated runner whose power was cut while it was idle asked for work for ever',
  },
  {
    seed: 3161,
    found:
      'a job that an exchange left without a record was forgotten: a late event served it again, under a name in use',
  },
  {
    seed: 4003,
    found:
      'nothing in the daemon: the simulated service manager did not start it again after a start on a full disk',
  },
  {
    seed: 2082,
    found:
      'nothing in the daemon: the check of waiting jobs knew no breaker, which lets one attempt try again',
  },
  { seed: 22, found: "a stranger's runner was removed that had got the id of one of ours" },
  {
    seed: 79,
    found:
      'with our clock 26 hours behind, each job seemed to come from the future and then to be too old for a VM',
    troubles: ['imageDenied', 'deletesFail'],
    hasClocks: true,
  },
  {
    seed: 235,
    found:
      'a job that GitHub showed nowhere for a moment was never served, though it was listed as queued after that',
    troubles: [],
    hasClocks: true,
  },
  {
    seed: 333,
    found: 'a job whose VMs were in vain for two causes in turn had only the short pauses of each cause',
    troubles: ['jitForbidden', 'nothingAssigned'],
    hasClocks: true,
  },
];
