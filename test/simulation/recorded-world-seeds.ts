import type { RecordedSeed } from './recorded-seeds.ts';

/** Seeds that once broke a law by a fault of the simulated world, or of the law itself. */
export const RECORDED_WORLD_SEEDS: RecordedSeed[] = [
  {
    seed: 44,
    found: 'a simulated runner whose power was cut while it was idle asked for work for ever',
  },
  {
    seed: 4003,
    found: 'the simulated service manager did not start it again after a start on a full disk',
  },
  {
    seed: 2082,
    found: 'the check of waiting jobs knew no breaker, which lets one attempt try again',
  },
  {
    seed: 1496,
    found: 'the check of names counted a runner that GitHub had lost before its configuration reached us',
    troubles: ['rightsTaken', 'nothingAssigned'],
    hasClocks: true,
  },
  {
    seed: 720,
    found:
      'the check of waiting jobs did not see that warm VMs ended in vain for a job (nor in 934, 1019 and 1596)',
    troubles: ['repositoryDeleted', 'slotHeldUnseen'],
    hasClocks: true,
  },
  {
    seed: 1345,
    found: 'the check of waiting jobs took two whose pauses took turns for one that got no VM',
    troubles: ['repositoryRenamed', 'ghostRunners'],
    hasClocks: true,
  },
  {
    seed: 712,
    found: 'the checks did not know that GitHub’s hourly budget was used up, as it said (nor in 1243)',
    troubles: ['repositoryRenamed'],
    hasClocks: true,
  },
  {
    seed: 788,
    found: 'the check of waiting jobs let a trouble begin with the first job that it kept waiting',
    troubles: ['rightsTaken'],
    hasClocks: true,
  },
  {
    seed: 1808,
    found: 'the check of stories wanted the end of a job whose repository was deleted (so did 2030 and 2717)',
    troubles: ['repositoryDeleted'],
    hasClocks: true,
  },
  {
    seed: 2420,
    found: 'a row was damaged in a store that no life had begun, so it was another program’s',
    troubles: ['jitForbidden', 'unlistedRepository'],
    hasClocks: true,
  },
  {
    seed: 17,
    found:
      'a runner’s id passed on to a stranger while GitHub was slow to handle its removal, sent just before',
    troubles: ['repositoryDeleted', 'slotHeldUnseen', 'unlistedRepository', 'macsMaintained'],
    hasClocks: true,
  },
  {
    seed: 8062,
    found:
      'warm VMs that were booted with a full disk spoiled tries of a job half an hour later, each shorter than a look',
    troubles: ['jobWithheld'],
    hasClocks: true,
  },
  {
    seed: 22023,
    found: 'it was started on a machine that slept, and its timers stood still',
    troubles: ['vmsHeld'],
    hasClocks: true,
  },
  {
    seed: 20878,
    found: 'nobody ordered again a reload that a full disk had refused',
    troubles: ['rightsTaken', 'imageDenied', 'configReloaded', 'vmsHeld'],
    hasClocks: true,
  },
  {
    seed: 22198,
    found: 'a repository that takes no runners had another name by then',
    troubles: ['repositoryRenamed', 'registrationForbidden', 'repositoryDeleted'],
    hasClocks: true,
  },
  {
    seed: 22348,
    found: 'a story was read between the two entries of an exchange, which are one batch',
    troubles: ['deletesFail', 'jobWithheld'],
  },
  {
    seed: 22331,
    found: 'by a clock that caught up slowly, a VM went before its lifetime ended',
    troubles: ['repositoryRenamed', 'unlistedRepository'],
    hasClocks: true,
  },
  {
    seed: 25433,
    found: 'a repository was deleted before it could ask which runner had taken the job',
    troubles: ['repositoryDeleted'],
  },
  {
    seed: 35938,
    found: 'the trials of a profile with warm VMs counted as nobody’s turn',
    troubles: ['nothingAssigned'],
    hasClocks: true,
  },
  {
    seed: 36449,
    found: 'nobody could hear the end of a job whose repository was deleted',
    troubles: ['repositoryDeleted'],
    hasClocks: true,
  },
  {
    seed: 37571,
    found: 'the trials of a profile for the jobs of another repository counted as nobody’s turn',
    troubles: ['repositoryRenamed', 'deletesFail', 'configReloaded', 'macsMaintained'],
  },
  {
    seed: 37825,
    found: 'a VM that an order to drain its host had cost counted as one that was made too early',
    troubles: ['jobWithheld', 'macsMaintained'],
  },
  {
    seed: 31081,
    found: 'a runner got a job that was given up when its label had left the config',
    troubles: ['configReloaded', 'vmsHeld'],
  },
  {
    seed: 35878,
    found: 'a runner had got a job of a deleted repository, and nobody could hear of it (31257)',
    troubles: ['repositoryDeleted', 'configReloaded'],
    hasClocks: true,
  },
  {
    seed: 39966,
    found: 'a VM that a lost host had cost counted as one that was made too early',
    troubles: ['macDead', 'nothingAssigned'],
    hasClocks: true,
  },
];
