import type { BootPlan } from '../../src/simulator/agent/boot-plan.ts';
import type { Guest } from '../../src/simulator/agent/hypervisor.ts';
import type { GitHubWorld } from '../../src/simulator/github/github-world.ts';
import { DISK_FULL, OFFLINE } from '../../src/simulator/guest/runner-scripts.ts';
import {
  type Credentials,
  type RunnerConsole,
  type RunnerManners,
  runRunner,
  type WorkEnd,
} from './runner-process.ts';

/** A runner that was launched in a guest. */
export interface LaunchedRunner {
  process: 'running' | 'exited' | 'lost';
  exitCode: number | null;
  /** What `run.sh` printed. */
  log: string;
  /** Its worker process runs. */
  isWorking: boolean;
  tookJob: boolean;
  /** Each is called once, at the next change. */
  readonly watchers: Set<() => void>;
}

/** A guest in plain memory: runners by name, as the daemon's shell scripts would find them in its file system. */
export class MemoryGuest implements Guest {
  readonly port: number;
  readonly vmName: string;
  readonly plan: BootPlan;
  readonly manners: RunnerManners;
  readonly github: GitHubWorld;
  readonly launched: (runnerName: string) => void;
  readonly tookJob: () => void;
  readonly worked: (runnerName: string, ...of: Parameters<RunnerConsole['worked']>) => void;
  readonly runners = new Map<string, LaunchedRunner>();
  /** Aborted when its power is cut. */
  readonly off = new AbortController();
  #connections = 0;

  constructor(
    given: Pick<
      MemoryGuest,
      'port' | 'vmName' | 'plan' | 'manners' | 'github' | 'launched' | 'tookJob' | 'worked'
    >,
  ) {
    this.port = given.port;
    this.vmName = given.vmName;
    this.plan = given.plan;
    this.manners = given.manners;
    this.github = given.github;
    this.launched = given.launched;
    this.tookJob = given.tookJob;
    this.worked = given.worked;
  }

  /** Clones have the host keys of their image, unless their first connections make new ones. */
  nextHostKey(): string {
    this.#connections += 1;
    const made = Math.min(this.#connections, this.plan.makesHostKeys ?? 0);
    return made === 0 ? 'key of every clone' : `key ${made} of ${this.vmName}`;
  }

  /** True when a worker of any runner runs. */
  get isWorking(): boolean {
    return !this.off.signal.aborted && [...this.runners.values()].some((runner) => runner.isWorking);
  }

  /** Starts a runner of this name, only once. */
  launch(name: string, credentials: Credentials | null): void {
    const runner: LaunchedRunner = {
      process: 'running',
      exitCode: null,
      log: '',
      isWorking: false,
      tookJob: false,
      watchers: new Set(),
    };
    this.runners.set(name, runner);
    this.launched(name);
    const end = (process: 'exited' | 'lost', exitCode: number | null) => {
      Object.assign(runner, { process, exitCode, isWorking: false });
      changed(runner);
    };
    if (credentials === null) {
      end('exited', 1);
      return;
    }
    const console = {
      print: (line: string) => {
        runner.log += `${line}\n`;
        changed(runner);
      },
      setWorking: (isWorking: boolean) => {
        runner.isWorking = isWorking;
        runner.tookJob ||= isWorking;
        if (isWorking) this.tookJob();
        changed(runner);
      },
      worked: (jobId: number, how: WorkEnd) => this.worked(name, jobId, how),
    };
    const power = this.off.signal;
    const { runnerTrouble } = this.plan;
    if (runnerTrouble === 'noDns' || runnerTrouble === 'untrusted') {
      console.print(`Runner connect error: ${OFFLINE[runnerTrouble]}. Retrying until reconnected.`);
      return;
    }
    if (runnerTrouble === 'diskFull') {
      console.print(`${DISK_FULL}\nExiting runner...`);
      end('exited', 0);
      return;
    }
    runRunner(this.github, credentials, this.manners, console, power).then(
      (code) => (code === null ? end('lost', null) : end('exited', code)),
      (error: unknown) => {
        if (!power.aborted) throw error;
      },
    );
  }

  stop(): Promise<void> {
    this.off.abort(new Error(`the power of ${this.vmName} was cut`));
    return Promise.resolve();
  }
}

function changed({ watchers }: LaunchedRunner): void {
  const told = [...watchers];
  watchers.clear();
  for (const tell of told) tell();
}
