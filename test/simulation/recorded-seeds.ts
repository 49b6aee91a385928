import type { TroubleKind } from './trouble.ts';

export interface RecordedSeed {
  seed: number;
  found: string;
  /** The troubles that the seed drew then, and whether it drew clocks. */
  troubles?: readonly TroubleKind[];
  hasClocks?: boolean;
}

/**
 * Seeds that once broke a law by a fault of the daemon, with what they found; each must always pass from now on.
 */
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
    seed: 3161,
    found:
      'a job that an exchange left without a record was forgotten: a late event served it again, under a name in use',
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
  {
    seed: 863,
    found:
      'a repository that was gone held back all others of its organization, and as often as it was asked for (so did 1070)',
    troubles: ['repositoryDeleted', 'unlistedRepository'],
    hasClocks: true,
  },
  {
    seed: 709,
    found:
      'a registration waited for the disk while its VM got a job of another repository, and was sent although no record ordered it any more',
    troubles: ['repositoryDeleted'],
    hasClocks: true,
  },
  {
    seed: 954,
    found:
      'a deadline that passed while the daemon slept never ended: each try to reach the guest began the fresh look again',
    troubles: [],
    hasClocks: true,
  },
  {
    seed: 576,
    found:
      'a job whose VMs were in vain for a forbidden registration and then because GitHub assigned nothing had the pauses of each cause from the beginning (so did 983)',
    troubles: ['jitForbidden', 'imageDenied', 'nothingAssigned'],
    hasClocks: true,
  },
  {
    seed: 1801,
    found:
      'the host was blamed for a job that had failed by itself: its VM was gone, too, when the daemon woke (so did 1950 and 2014)',
    troubles: ['unlistedRepository'],
    hasClocks: true,
  },
  {
    seed: 2225,
    found:
      'a job that had succeeded was called lost for ever: its VM was gone, too, when the daemon woke, and GitHub was not asked (2461: by its lifetime)',
    troubles: ['rightsTaken', 'macDead'],
    hasClocks: true,
  },
  {
    seed: 2666,
    found: 'a story began its attempts again at an end that GitHub told late, since that counts only the VMs',
    troubles: ['nothingAssigned', 'ghostRunners'],
    hasClocks: true,
  },
  {
    seed: 20146,
    found:
      'a runner that came online while GitHub assigned nothing, and ended without a job, kept the trial of GitHub for a quarter of an hour',
    troubles: ['repositoryDeleted', 'nothingAssigned', 'ghostRunners'],
    hasClocks: true,
  },
  {
    seed: 20458,
    found:
      'a second VM of an image on trial was made while the first one was warm, so two jobs could fail on that image at once',
    troubles: ['imageMoves', 'vmsHeld'],
  },
  {
    seed: 21098,
    found:
      'a late message that a job started made a retired runner busy again, and a job that was over was called lost',
    troubles: ['imageDenied'],
    hasClocks: true,
  },
  {
    seed: 20570,
    found:
      'a VM that its host had lost was called powered off at the end of its lifetime, which a clock that was set during a restart had ended',
    troubles: ['repositoryRenamed', 'jitForbidden', 'unlistedRepository'],
    hasClocks: true,
  },
  {
    seed: 20867,
    found:
      'a VM that came back from another job was told as a new attempt of a job that was served again since',
    troubles: ['imageDenied', 'macDead', 'configReloaded'],
  },
  {
    seed: 23047,
    found:
      'two jobs whose VMs failed took all trials of a profile on the only host, and a third one waited beside a free slot (23012)',
    troubles: ['configReloaded'],
    hasClocks: true,
  },
  {
    seed: 23463,
    found:
      'what had ended a runner was forgotten by an exchange, and the job that ran there was blamed when it was heard of',
    troubles: ['repositoryDeleted', 'jobWithheld', 'vmsHeld'],
    hasClocks: true,
  },
  {
    seed: 30275,
    found: 'each trial of a profile went to the host that failed with it (35217)',
    troubles: ['jobWithheld', 'vmsHeld'],
    hasClocks: true,
  },
  {
    seed: 35132,
    found: 'each trial of a host went to the profile with the older jobs, and the other one waited for hours',
    troubles: ['repositoryRenamed', 'vmsHeld', 'macsMaintained'],
    hasClocks: true,
  },
  {
    seed: 35425,
    found:
      'the number of warm VMs’ names was unreadable and the clock was set back, and a name was given again',
    troubles: ['rightsTaken', 'nothingAssigned', 'vmsHeld'],
    hasClocks: true,
  },
  {
    seed: 36091,
    found:
      'a job whose VM a full host refused to start waited beside a warm VM of another profile that nobody needed',
    troubles: ['slotHeldUnseen'],
    hasClocks: true,
  },
  {
    seed: 36115,
    found: 'after a reload of the config slots were given out before all jobs were restored',
    troubles: ['jitForbidden', 'imageDenied', 'configReloaded'],
  },
  {
    seed: 38181,
    found: 'a warm VM took each trial of a host while GitHub was asked about the job that was to have it',
    troubles: ['jitForbidden', 'unlistedRepository', 'configReloaded'],
  },
  {
    seed: 33554,
    found:
      'each trial of GitHub went to a job whose VMs failed, in the repository with the fewest unused runners',
    troubles: ['repositoryRenamed', 'nothingAssigned', 'configReloaded'],
  },
  {
    seed: 39073,
    found: 'a job that was over when it was asked about told nothing of the runner that had it',
    troubles: ['repositoryRenamed', 'imageMoves', 'ghostRunners'],
    hasClocks: true,
  },
];
