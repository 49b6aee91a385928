import { addForeignVm, removeForeignVm } from '../../src/simulator/agent/control.ts';
import { launch, shutDown } from '../../src/simulator/agent/launch.ts';
import { pauseVm, resumeVm } from '../../src/simulator/agent/vms/pause.ts';
import { approveRun, cancelRun, pushWorkflow, rerun } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository, type Repository } from '../../src/simulator/github/repositories.ts';
import { registerByToken } from '../../src/simulator/github/runners/registration.ts';
import { removeRunner } from '../../src/simulator/github/runners/removal.ts';
import type { Runner } from '../../src/simulator/github/runners/runners.ts';
import { createHook } from '../../src/simulator/github/webhooks/create-hook.ts';
import { beginTrouble } from './begin-trouble.ts';
import type { Lives } from './lives.ts';
import { orderVm } from './order-vm.ts';
import { passOnId } from './pass-on-id.ts';
import { isBase, isOurs } from './request-laws.ts';
import { type Credentials, runRunner } from './runner-process.ts';
import type { Incident, Push } from './scenario.ts';
import { IMAGE, type Mac, type SimulatedWorld, WEBHOOK_SECRET } from './simulated-world.ts';
import type { OngoingTrouble, Trouble } from './trouble.ts';

/** Everything that happens in the scenario, each at its instant. */
export class Happenings {
  readonly #world: SimulatedWorld;
  readonly #lives: Lives;
  /** Incidents that are going on. */
  ongoing = 0;
  #planned = 0;
  readonly #troubles = new Set<OngoingTrouble>();

  constructor(world: SimulatedWorld, lives: Lives) {
    this.#world = world;
    this.#lives = lives;
  }

  /** True when no push, approval or cancellation is left and no incident is going on. */
  get areOver(): boolean {
    return this.#planned === 0 && this.ongoing === 0 && this.#troubles.size === 0;
  }

  /** Troubles that are going on. */
  get troubles(): readonly OngoingTrouble[] {
    return [...this.#troubles];
  }

  begin(): void {
    const { clock, github, macs, scenario } = this.#world;
    const [repository] = this.#world.served;
    if (!repository) throw new Error('the daemon serves no repository');
    if (scenario.daemon.mode !== 'poll') {
      const url = 'http://daemon.test/webhook';
      for (const one of this.#world.served) {
        createHook(github, { target: { kind: 'repository', repository: one }, url, secret: WEBHOOK_SECRET });
      }
    }
    for (const { where, at, until, fault } of scenario.faults) {
      const plan = where === 'github' ? github.faults : macs.get(where)?.agent.faults;
      void clock.sleepUntil(clock.now() + at).then(() => plan?.add({ ...fault, untilMs: until - at }));
    }
    for (const incident of scenario.incidents) {
      void clock.sleepUntil(clock.now() + incident.at).then(() => this.#befall(repository, incident));
    }
    // A copy, so that a repository that is renamed later is still found by its first name.
    const repositories = new Map(github.repositories);
    for (const push of scenario.pushes) {
      const name = push.repository ?? repository.fullName;
      this.#at(push.at, () => this.#push(repositories.get(name) ?? ensureRepository(github, name), push));
    }
    for (const { at, aheadBy } of scenario.clock.settings) {
      this.#at(at, () => {
        this.#world.trace(`the system's clock is set to ${aheadBy} ms ahead`);
        this.#world.system.aheadBy = aheadBy;
      });
    }
    for (const trouble of scenario.troubles) this.#at(trouble.at, () => this.#trouble(trouble));
  }

  #at(after: number, work: () => void): void {
    const { clock } = this.#world;
    this.#planned += 1;
    void clock.sleepUntil(clock.now() + after).then(() => {
      this.#planned -= 1;
      work();
    });
  }

  /** Pushes a run. A deleted or archived repository gets none. */
  #push(repository: Repository, { jobs, cancelAfter, approveAfter, rerunAfter }: Push): void {
    const { github, trace } = this.#world;
    const isThere = () => github.repositories.get(repository.fullName.toLowerCase()) === repository;
    if (!isThere() || repository.isArchived) return;
    const run = pushWorkflow(github, repository, {
      name: 'CI',
      jobs: jobs.map(({ label, lasts, conclusion, needsApproval }, index) => ({
        name: `job ${index + 1}`,
        labels: label === 'ubuntu-latest' ? [label] : ['self-hosted', label],
        group: null,
        steps: [{ name: 'work', run: `${lasts} ${conclusion}` }],
        needsApproval,
      })),
    });
    trace(`push: run ${run.id} with ${jobs.map(({ label }) => label).join(', ')}`);
    // When the run is over by then, GitHub refuses.
    const try_ = (what: string, work: () => void) => {
      try {
        if (!isThere()) throw new Error('its repository is gone');
        work();
        trace(`run ${run.id} is ${what}`);
      } catch {
        trace(`run ${run.id} cannot be ${what}`);
      }
    };
    if (cancelAfter !== null) this.#at(cancelAfter, () => try_('cancelled', () => cancelRun(github, run)));
    if (approveAfter !== null) this.#at(approveAfter, () => try_('approved', () => approveRun(github, run)));
    if (rerunAfter !== null) this.#at(rerunAfter, () => try_('run again', () => rerun(github, run)));
  }

  #befall(repository: Repository, incident: Incident): void {
    const world = this.#world;
    const { clock, trace } = world;
    trace(`incident: ${JSON.stringify(incident)}`);
    const undo = this.#begin(repository, incident);
    this.ongoing += 1;
    void clock
      .sleepUntil(clock.now() + incident.lasts)
      .then(undo)
      .then(() => {
        this.ongoing -= 1;
        trace(`incident over: ${incident.what}`);
      });
  }

  #trouble(trouble: Trouble): void {
    const { clock, trace } = this.#world;
    trace(`trouble: ${JSON.stringify(trouble)}`);
    const { end, jobId = null } = beginTrouble(this.#world, trouble);
    if (trouble.what === 'configReloaded') this.#lives.reload();
    const going: OngoingTrouble = { trouble, jobId };
    this.#troubles.add(going);
    void clock
      .sleepUntil(clock.now() + trouble.lasts)
      .then(end)
      .then(() => {
        if (trouble.what === 'configReloaded') this.#lives.reload();
        this.#troubles.delete(going);
        trace(`trouble over: ${trouble.what}`);
      });
  }

  /** Begins an incident; returns the function that ends it. */
  #begin(repository: Repository, incident: Incident): () => unknown {
    const world = this.#world;
    const mac = 'mac' in incident ? world.macs.get(incident.mac) : undefined;
    switch (incident.what) {
      case 'agentQuits':
      case 'agentCrashes': {
        if (!mac?.isUp) return () => undefined;
        mac.isUp = false;
        const down = shutDown(mac.agent, incident.what === 'agentQuits' ? 'graceful' : 'crash');
        return async () => {
          await down;
          launch(mac.agent);
          mac.isUp = true;
        };
      }
      case 'maintenance':
        if (mac) mac.agent.maintenance = true;
        return () => {
          if (mac) mac.agent.maintenance = false;
        };
      case 'cordon':
      case 'drain':
        void this.#lives.order(`/api/hosts/${incident.mac}/${incident.what}?until=${incident.lasts}ms`);
        return () => undefined;
      case 'uncordon':
        void this.#lives.order(`/api/hosts/${incident.mac}/uncordon`);
        return () => undefined;
      case 'hold':
      case 'release':
        return orderVm(world, this.#lives, incident);
      case 'hostUnplugged':
        if (mac) mac.isUnplugged = true;
        return () => {
          if (mac) mac.isUnplugged = false;
        };
      case 'strangerVm': {
        if (!mac) return () => undefined;
        const vm = addForeignVm(mac.agent, { name: incident.name });
        const isThere = () => mac.agent.vms.get(vm.id) === vm;
        return () => {
          if (!isThere())
            world.broken.note('law 3: names carry ownership', `the stranger ${vm.name} was deleted`);
          return removeForeignVm(mac.agent, vm);
        };
      }
      case 'strangerRunner':
        return this.#strangersRunner(repository, incident.name);
      case 'runnerVanishes': {
        const idle = [...world.github.runners.values()].find((runner) => isOurs(runner.name) && !runner.job);
        if (idle) removeRunner(world.github, idle);
        return () => undefined;
      }
      case 'runnerIdPassesOn':
        return passOnId(world, incident.name, world.clock.now() + incident.lasts);
      case 'tagMoves':
        for (const { agent } of world.macs.values())
          agent.options.registry.images[IMAGE] = { digest: incident.digest };
        return () => undefined;
      case 'baseVanishes':
      case 'baseIsStarted': {
        const base = mac && [...mac.agent.vms.values()].find(({ name }) => isBase(name));
        if (!mac || !base || mac.agent.gate.isHeld(base.id)) return () => undefined;
        if (incident.what === 'baseVanishes') {
          void removeForeignVm(mac.agent, base);
          return () => undefined;
        }
        // The person who started the base ends it again: the daemon never touches a VM that runs.
        base.state = 'running';
        base.persisted = [];
        return () => (mac.agent.vms.get(base.id) === base ? removeForeignVm(mac.agent, base) : undefined);
      }
      case 'vmIsPaused':
        return mac ? this.#pause(mac) : () => undefined;
      case 'daemonSleeps':
        void this.#lives.sleep(incident.lasts, incident.isCounted);
        return () => undefined;
      case 'daemonStops':
        void this.#lives.restart(incident.lasts);
        return () => undefined;
      case 'diskFull':
        world.isDiskFull = true;
        return () => {
          world.isDiskFull = false;
        };
      case 'githubUnplugged':
        world.isGitHubUnplugged = true;
        return () => {
          world.isGitHubUnplugged = false;
        };
    }
  }

  /** Pauses a running VM of ours, unless an operation holds it. */
  #pause({ agent, isUp }: Mac): () => unknown {
    const { signal } = agent.life.end;
    const vm = [...agent.vms.values()].find(({ name, state }) => isOurs(name) && state === 'running');
    if (!vm || !isUp) return () => undefined;
    const paused = pauseVm(agent, vm.id, signal).then(
      () => this.#world.trace(`${vm.name} is paused`),
      () => undefined,
    );
    return async () => {
      await paused;
      if (!signal.aborted) await resumeVm(agent, vm.id, signal).catch(() => undefined);
    };
  }

  /** A runner of another party with the same labels, which may take our jobs. */
  #strangersRunner(repository: Repository, name: string): () => unknown {
    const { github } = this.#world;
    const off = new AbortController();
    let runner: Runner;
    try {
      runner = registerByToken(
        github,
        { kind: 'repository', repository },
        {
          name,
          labels: ['mac', 'mac-large'],
          group: null,
          ephemeral: false,
          replace: false,
          hasDefaultLabels: true,
          workFolder: '_work',
        },
      );
    } catch {
      return () => undefined;
    }
    const manners = {
      connectsAfter: 100,
      exitsWith: null,
      lingers: 0,
      diesInJobAfter: null,
      clockSkew: 0,
      ignoresJobs: false,
    };
    const console = { print: () => undefined, setWorking: () => undefined, worked: () => undefined };
    const credentials: Credentials = runner;
    runRunner(github, credentials, manners, console, off.signal).catch((error: unknown) => {
      if (!off.signal.aborted) throw error;
    });
    return () => {
      if (!github.runners.has(runner.id)) {
        this.#world.broken.note('law 3: names carry ownership', `the stranger's runner ${name} was removed`);
      }
      off.abort(new Error('the stranger went home'));
      github.sessions.get(runner.id)?.close('closed');
      removeRunner(github, runner);
    };
  }
}
