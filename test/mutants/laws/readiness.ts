import type { Mutant } from '../mutant.ts';

/** Law 15: ready means serving. */
export const READINESS: readonly Mutant[] = [
  {
    law: '15: what never went well is not ready',
    file: 'src/health/decide-health.ts',
    line: 'age === null || age > bound;',
    becomes: 'age !== null && age > bound;',
    tests: ['test/health/decide-health.test.ts'],
  },
  {
    law: '15: a job that could begin and does not is seen by its age, whatever the scheduler does',
    file: 'src/health/served-watch.ts',
    line: 'since: before.get(key)?.since ?? now',
    becomes: 'since: now',
    tests: ['test/health/served-watch.test.ts'],
  },
  {
    law: '15: a look at GitHub that hangs ages',
    file: 'src/intake/polling/poller.ts',
    line: 'this.#readAt.get(what)',
    becomes: 'this.#readAt.get(ACTIVE_JOBS)',
    tests: ['test/intake/poller.test.ts'],
  },
  {
    law: '15: a stranger is told yes or no alone',
    file: 'src/http/admin/admin-app.ts',
    line: '    const answer: Readiness = isTrusted(c)',
    becomes: '    const answer: Readiness = (true as boolean)',
    tests: ['test/health/answers-agree.test.ts'],
  },
];
