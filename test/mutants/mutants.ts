/** One line of the product changed so that a law is broken, and the tests that have to see it. */
export interface Mutant {
  law: string;
  file: string;
  /** Stands in the file exactly once. */
  line: string;
  becomes: string;
  tests: string[];
}

export const MUTANTS: readonly Mutant[] = [
  {
    law: '1: no effect starts before its record is durable',
    file: 'src/effects/job-effects.ts',
    line: '    await durable();',
    becomes: '    void durable();',
    tests: ['test/effects/job-effects.test.ts'],
  },
  {
    law: '2: what may still take effect is not done a second time',
    file: 'src/effects/vm/create-vm.ts',
    line: "const mayStillAppear = () => world.creates.outcome(vmName) === 'unknown';",
    becomes: "const mayStillAppear = () => world.creates.outcome(vmName) === 'inFlight';",
    tests: ['test/effects/create-vm.test.ts'],
  },
  {
    law: '2: a job that is served once more gets names of its own',
    file: 'src/dispatch/dispatcher.ts',
    line: 'Math.max(job.namesTaken, namesTaken, lives * 1000)',
    becomes: 'Math.max(job.namesTaken, lives * 1000)',
    tests: ['test/dispatch/late-events.test.ts'],
  },
  {
    law: '3: only names of this controller are ours',
    file: 'machines/resource-name.ts',
    line: '  if (!name.startsWith(`${prefix}-`)) return null;',
    becomes: '  if (!name.startsWith(prefix.slice(0, 3))) return null;',
    tests: ['test/upkeep/plan-collection.test.ts'],
  },
  {
    law: '4: two actors swap their jobs, both of them',
    file: 'src/dispatch/route-observation.ts',
    line: '  else if (holder) steps.push(tell(',
    becomes: '  else if (false as boolean && holder) steps.push(tell(',
    tests: ['test/dispatch/route-observation.test.ts'],
  },
  {
    law: '5: what came into use since it was listed is not deleted',
    file: 'src/upkeep/collector.ts',
    line: '      if (now !== null && isPoweredOn(now) && !isPoweredOn(state)) {',
    becomes: '      if (false as boolean) {',
    tests: ['test/upkeep/collector.test.ts'],
  },
  {
    law: '5: a VM that may be working is asked, not deleted',
    file: 'src/upkeep/plan-collection.ts',
    line: '  const isWorking = isPoweredOn(vm.state);',
    becomes: '  const isWorking = false as boolean;',
    tests: ['test/upkeep/plan-collection.test.ts'],
  },
  {
    law: '3: a base VM that a profile needs is nobody to collect',
    file: 'src/upkeep/plan-collection.ts',
    line: 'if (named === null || owners.keepsBase(seen)) return [];',
    becomes: 'if (named === null) return [];',
    tests: ['test/upkeep/plan-collection.test.ts'],
  },
  {
    law: '10: a base that cannot be cloned keeps no job from its VM',
    file: 'src/upkeep/bases/clone-base.ts',
    line: "bases.cloneFailed(vmName, 'permanent');",
    becomes: "bases.cloneFailed(vmName, 'temporary');",
    tests: ['test/upkeep/clone-base.test.ts'],
  },
  {
    law: '10: whoever is refused hears why',
    file: 'src/http/lingering-close.ts',
    line: '      else linger(incoming);',
    becomes: '      else Socket.prototype.destroySoon.call(socket);',
    tests: ['test/http/lingering-close.test.ts'],
  },
  {
    law: '5: a redirect of a removal does not say that the runner is gone',
    file: 'src/github/access/github-transport.ts',
    line: 'if (isRedirect(answer.status)) return githubRedirected(answer, asked, apiUrl);',
    becomes: 'if (isRedirect(answer.status)) answer.status = 404;',
    tests: ['test/github/redirects.test.ts'],
  },
  {
    law: '5: a page of a proxy does not say that the runner is gone',
    file: 'src/github/access/octokit-error.ts',
    line: "if (typeof message !== 'string') return null;",
    becomes: "if (typeof message !== 'string') return '';",
    tests: ['test/github/failures.test.ts'],
  },
  {
    law: '9: the budget of an App does not stop what its installation may do',
    file: 'src/github/access/github-transport.ts',
    line: 'return this.#app !== null && isOfApp(path) ? this.#limitsOfApp : this.#options.limits;',
    becomes: 'return path === null ? this.#limitsOfApp : this.#options.limits;',
    tests: ['test/github/app-token.test.ts'],
  },
  {
    law: '6: what is not verified is bounded by the bytes that came',
    file: 'src/intake/webhooks/delivery-body.ts',
    line: '        this.#bytes[kind] += bytes;',
    becomes: '        this.#bytes[kind] += 0;',
    tests: ['test/intake/webhook-wire.test.ts'],
  },
  {
    law: '6: a delivery that a proxy refused is asked for again',
    file: 'src/github/hook-deliveries.ts',
    line: 'FINAL.includes(code)',
    becomes: '(code >= 400 && code < 500)',
    tests: ['test/github/hook-deliveries.test.ts'],
  },
  {
    law: '6: a status never moves back',
    file: 'machines/job/context.ts',
    line: 'isLater ? status : job.status',
    becomes: 'isLater ? status : status',
    tests: ['test/machines/job-transitions.test.ts'],
  },
  {
    law: '6: a job that an exchange leaves over is remembered',
    file: 'src/dispatch/route-observation.ts',
    line: '  else steps.push({ do: here',
    becomes: "  else if (here.job.status === 'queued') steps.push({ do: here",
    tests: ['test/dispatch/route-observation.test.ts'],
  },
  {
    law: '6: a delivery is acknowledged only when it is stored',
    file: 'src/store/tables/deliveries.ts',
    line: '    await arriving;',
    becomes: '    void arriving;',
    tests: ['test/store'],
  },
  {
    law: '7: a runner’s configuration is in memory only',
    file: 'src/effects/runner/obtain-runner-config.ts',
    line: "      return { runnerId: made.runnerId, mode: 'jit' };",
    becomes: "      return { runnerId: made.runnerId, mode: 'jit', ...made };",
    tests: ['test/effects/secrets.test.ts'],
  },
  {
    law: '8: a further runner in the same VM gets no further time',
    file: 'machines/job/setup.ts',
    line: 'context.runner?.name === context.vm?.name',
    becomes: 'context.vm !== null',
    tests: ['test/machines'],
  },
  {
    law: '9: a teardown goes on until the VM is gone',
    file: 'machines/job/states/tearing-down.ts',
    line: "onError: { target: 'waiting', actions: withFailure('noteVmDeletionFailure') },",
    becomes: "onError: { target: 'gone', actions: withFailure('noteVmDeletionFailure') },",
    tests: ['test/machines/job-transitions.test.ts'],
  },
  {
    law: '10: no record is revived that the machine does not know',
    file: 'src/jobs/read-snapshot.ts',
    line: '    const missing = node.invoke.find(({ id }) => !(id in children));',
    becomes: '    const missing = node.invoke.find(({ id }) => id === undefined);',
    tests: ['test/machines', 'test/jobs', 'test/fuzz/files.test.ts'],
  },
  {
    law: 'store: what LevelDB skips at its opening is told, and kept',
    file: 'src/store/open-store.ts',
    line: '  if (damage.length === 0) return;',
    becomes: '  if (damage.length >= 0) return;',
    tests: ['test/store/open-store.test.ts'],
  },
];
