import type { Mutant } from '../mutant.ts';

/** Laws 11 and 12: each job is served until GitHub says that it is over. */
export const SERVED_JOBS: readonly Mutant[] = [
  {
    law: '11: GitHub’s failures cost no attempt',
    file: 'machines/job/release.ts',
    line: "['us', 'host', 'image'];",
    becomes: "['us', 'host', 'image', 'github'];",
    tests: ['test/machines/job-release.test.ts'],
  },
  {
    law: '11: a job whose VMs are in vain for several causes in turn gets them ever more rarely',
    file: 'machines/job/release.ts',
    line: '  return vmsInVain < UNPACED ? 0 : pauseAfter(unusedPause, vmsInVain - UNPACED);',
    becomes: '  return vmsInVain < UNPACED ? 0 : pauseAfter(unusedPause, vmsInVain * 0);',
    tests: ['test/machines/job-release.test.ts'],
  },
  {
    law: '11: before a further VM the run of a job is read whose runner got none',
    file: 'src/placement/grant-checks.ts',
    line: '(job.runnersUnused > 0 ? this.#runGoesOnAt : this.#queuedAt)',
    becomes: 'this.#queuedAt',
    tests: ['test/placement/grant-checks.test.ts'],
  },
  {
    law: '11: one VM tries a registration that was refused, and not one for each job that waits',
    file: 'src/placement/breakers/breakers.ts',
    line: '    return job.id === NO_JOB ? null : scopeName(this.#options.scopeOf(job));',
    becomes: '    return null;',
    tests: ['test/placement/breakers/breaker-trials.test.ts'],
  },
  {
    law: '11: a warm VM does not show that GitHub serves',
    file: 'src/placement/breakers/breaker-events.ts',
    line: '  if (scope === null) return names;',
    becomes: "  if (scope === 'none') return names;",
    tests: ['test/placement/breakers/unused-runners.test.ts'],
  },
  {
    law: '11: no warm VM is given to a job that is held back',
    file: 'src/placement/plan-warm.ts',
    line: '    if (!always?.every(passes)) return [];',
    becomes: '    if (!always) return [];',
    tests: ['test/placement/plan-warm.test.ts'],
  },
  {
    law: '11: a GitHub that assigns nothing is held back, although runners come online',
    file: 'src/placement/breakers/breaker-events.ts',
    line: "filter(({ about }) => !isDoubted || about !== 'github');",
    becomes: "filter(({ about }) => !isDoubted || about !== 'host');",
    tests: ['test/placement/breakers/unused-runners.test.ts'],
  },
  {
    law: '11: what an operator cancelled before an upgrade is not served after it',
    file: 'src/jobs/records/upgrade-record.ts',
    line: "job.status === 'queued' && !isCancelled;",
    becomes: "job.status === 'queued';",
    tests: ['test/jobs/upgrade-record.test.ts'],
  },
  {
    law: '11: a job whose actor failed inside is served by another one',
    file: 'src/dispatch/dispatcher.ts',
    line: '      if (free && actors.holderOfJob(free.id) === null && !store.settled.has(free.id)) actors.create(free);',
    becomes: '      if (free && store.settled.has(free.id)) actors.create(free);',
    tests: ['test/dispatch/quarantine.test.ts'],
  },
  {
    law: '12: the job of a decided attempt goes on at once',
    file: 'src/dispatch/dispatcher.ts',
    line: "    } else if (!free && snapshot.hasTag('decided')) {",
    becomes: "    } else if (!free && snapshot.hasTag('decided') && snapshot.context.vm === null) {",
    tests: ['test/dispatch/dispatcher.test.ts'],
  },
];
