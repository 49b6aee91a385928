import type { Mutant } from '../mutant.ts';

/** Rules of guests, of the network to GitHub, and of words. */
export const GUESTS_AND_WORDS: readonly Mutant[] = [
  {
    law: 'guests: connections to one that boots are replaced at growing distances',
    file: 'src/guest/first-banner.ts',
    line: 'patience *= GROWTH',
    becomes: 'patience *= 1',
    tests: ['test/guest/first-banner.test.ts'],
  },
  {
    law: 'guests: a runner is awaited by one script in its guest',
    file: 'src/effects/runner/confirm-online.ts',
    line: "guest.watch(runnerName, 'listening')",
    becomes: 'guest.status(runnerName)',
    tests: ['test/effects/failing-runner.test.ts'],
  },
  {
    law: 'guests: what an image build configured is removed before the launch',
    file: 'src/guest/scripts/launch.ts',
    line: 'for file in .runner* .credentials*; do',
    becomes: 'for file in .nothing*; do',
    tests: ['test/guest/guest-shell-server.test.ts'],
  },
  {
    law: 'guests: a runner has the locale of a login',
    file: 'src/guest/scripts/launch.ts',
    line: '${LOGIN_LOCALE}',
    becomes: '',
    tests: ['test/effects/runner-life.test.ts'],
  },
  {
    law: 'network: GitHub is reached through the proxy of the environment',
    file: 'src/github/github.ts',
    line: '  const fetch = proxy?.fetch ?? options.fetch;',
    becomes: '  const fetch = options.fetch;',
    tests: ['test/github/environment-proxy.test.ts'],
  },
  {
    law: 'budgets: an App and its installation have one each',
    file: 'src/github/access/github-transport.ts',
    line: '    return this.#app !== null && isOfApp(path) ? this.#limitsOfApp : this.#options.limits;',
    becomes: '    return isOfApp(path) ? this.#options.limits : this.#options.limits;',
    tests: ['test/github/app-token.test.ts'],
  },
  {
    law: 'words: what is not there yet is not a failure',
    file: 'src/journal/trouble.js',
    line: '  return NOT_YET.has(code) ||',
    becomes: '  return false ||',
    tests: ['test/journal/trouble.test.ts'],
  },
  {
    law: 'words: a story that begins with an exchange knows its VM',
    file: 'src/journal/entries/transition-entry.ts',
    line: '  const isNew = before === null || before.job.id !== now.job.id;',
    becomes: '  const isNew = before === null;',
    tests: ['test/journal/trouble.test.ts'],
  },
  {
    law: 'words: labels fold the case of ASCII letters only',
    file: 'src/config/fold-label.ts',
    line: '  return label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());',
    becomes: '  return label.toLowerCase();',
    tests: ['test/config/profile.test.ts'],
  },
];
