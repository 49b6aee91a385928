import { Hono } from 'hono';
import type { Job } from '../../machines/job/context.ts';
import type { StagedDaemon } from '../page/staged-daemon.ts';
import type { StagedMacs } from '../page/staged-macs.ts';
import { observation } from '../store/records.ts';
import type { PictureClock } from './picture-clock.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How many seconds a job stays in each state; each stay varies by up to a third. */
const STAYS: Record<string, number> = {
  'creating.acting': 14,
  'starting.acting': 9,
  'sshReady.acting': 22,
  'probing.acting': 2,
  'jitConfig.acting': 1.2,
  'runnerOnline.launching.acting': 3,
  'runnerOnline.confirming.acting': 5,
  'running.idle.watching': 4,
  tearingDown: 6,
};

const JOBS: Partial<Job>[] = [
  { repository: 'app', workflow: 'ci', name: 'build' },
  { repository: 'app', workflow: 'ci', name: 'test (unit)' },
  { repository: 'app', workflow: 'ci', name: 'test (ui, iPhone 17 Pro, en_GB and right-to-left layouts)' },
  { repository: 'design-system', workflow: 'snapshots', name: 'snapshots' },
  { repository: 'sdk', workflow: 'release', name: 'xcframework' },
  {
    repository: 'app',
    workflow: 'nightly',
    name: 'archive and notarize',
    labels: ['self-hosted', 'macos-15-xl'],
  },
];

interface Plan {
  key: string;
  /** Milliseconds that the job itself takes. */
  work: number;
  /** The state in which an effect fails, and the failure. */
  trouble: { state: string; code: 'GUEST_TOOL_MISSING'; message: string } | null;
  state: string;
  since: number;
}

/** Jobs that are queued, served and finished on three Macs: a whole day of them in a few minutes. */
export class Workday {
  readonly daemon: StagedDaemon;
  readonly macs: StagedMacs;
  readonly clock: PictureClock;
  readonly #plans: Plan[] = [];
  readonly #webhook = new Hono();
  #nextId = 48_211_900_301;
  #dice = 7;

  constructor(daemon: StagedDaemon, macs: StagedMacs, clock: PictureClock) {
    this.daemon = daemon;
    this.macs = macs;
    this.clock = clock;
    this.#webhook.use(daemon.deliveries.watch);
    this.#webhook.post('/webhook', (c) => c.json({ message: 'stored' }, 202));
  }

  /** Queues a job of the day; returns its id. */
  async queue(minutes: number, trouble: Plan['trouble'] = null): Promise<number> {
    const id = this.#nextId;
    this.#nextId += 7;
    const job = JOBS[trouble ? JOBS.length - 1 : id % (JOBS.length - 1)] ?? {};
    const labels = job.labels ?? ['self-hosted', 'macos-15'];
    const key = this.daemon.queue(id, {
      ...{ owner: 'acme', ...job, labels, profile: labels.at(-1) ?? '' },
      url: `https://github.com/acme/${job.repository}/actions/runs/${id - 40}/job/${id}`,
    });
    this.daemon.webhooks.delivered({ ...observation(id), queuedAt: this.clock.now() }, null);
    const headers = { 'x-github-delivery': `d-${id}`, 'x-github-event': 'workflow_job' };
    await this.#webhook.request('/webhook', { method: 'POST', headers });
    this.#plans.push({ key, work: minutes * MINUTE, trouble, state: '', since: 0 });
    return id;
  }

  /** Lets time pass in steps of one second, each with its events. */
  async pass(minutes: number): Promise<void> {
    for (let left = minutes * MINUTE; left > 0 && this.clock.behind > 0; left -= SECOND) {
      await this.clock.pass(SECOND);
      for (const plan of this.#plans) this.#step(plan);
    }
  }

  #step(plan: Plan): void {
    const { daemon, clock } = this;
    const state = daemon.state(plan.key);
    if (state === 'over' || state === 'queued') return;
    if (state !== plan.state) Object.assign(plan, { state, since: clock.now() });
    const stay = state.startsWith('running.busy') ? plan.work : this.#stay(state);
    if (clock.now() - plan.since < stay) return;
    this.#advance(plan, state);
  }

  #advance({ key, trouble, since }: Plan, state: string): void {
    const { daemon } = this;
    if (state.endsWith('.waiting')) daemon.send(key, { type: 'operator.retried' });
    else if (state.startsWith('tearingDown')) daemon.tearDown(key);
    else if (state.startsWith('running.busy')) this.#finish(key);
    else if (trouble?.state === state) {
      this.#note(key, trouble.code, since);
      daemon.fail(key, trouble.code, trouble.message);
    } else {
      this.#note(key, 'done', since);
      if (state === 'running.idle.watching') daemon.send(key, { type: 'job.started' });
      else daemon.next(key);
    }
  }

  #finish(key: string): void {
    this.daemon.send(key, { type: 'job.completed', conclusion: 'success', here: true });
    const output = { ended: 'exited', failure: null };
    this.daemon.actors.send(key, { type: 'xstate.done.actor.watchRunner', output } as never);
  }

  /** The calls of a state's effect, as a daemon with real effects records them. */
  #note(actor: string, outcome: string, startedAt: number): void {
    const [effect, calls] = CALLS[this.daemon.state(actor)] ?? [];
    if (effect === undefined || calls === undefined) return;
    const at = this.clock.now();
    this.daemon.actors.noteEffect({
      ...{ actor, effect, startedAt, endedAt: at, outcome, more: 0 },
      calls: calls.map(([system, method, route, status, ms, times = 1]) => ({
        ...{ system, host: 'mini-1', method, route, status, ms, times, at },
      })),
    } as never);
  }

  #stay(state: string): number {
    const seconds = STAYS[state] ?? STAYS[state.split('.')[0] ?? ''] ?? 20;
    return seconds * SECOND * (0.8 + 0.5 * this.#random());
  }

  #random(): number {
    this.#dice = (this.#dice * 16_807) % 2_147_483_647;
    return this.#dice / 2_147_483_647;
  }
}

type Call = [
  system: string,
  method: string,
  route: string,
  status: number | null,
  ms: number,
  times?: number,
];

const CALLS: Record<string, [effect: string, calls: Call[]]> = {
  'creating.acting': [
    'createVm',
    [
      ['agent', 'GET', '/vms', 200, 12],
      ['agent', 'POST', '/vms', 202, 31],
      ['agent', 'GET', '/vms/{id}', 200, 96, 12],
    ],
  ],
  'starting.acting': [
    'startVm',
    [
      ['agent', 'POST', '/vms/{id}/start', 202, 44],
      ['agent', 'GET', '/vms/{id}', 200, 71, 8],
    ],
  ],
  'sshReady.acting': [
    'connectGuest',
    [
      ['agent', 'POST', '/vms/{id}/ssh/enable', 200, 38],
      ['guest', 'ssh', 'connect', null, 21_000, 20],
    ],
  ],
  'probing.acting': [
    'probeGuest',
    [
      ['guest', 'ssh', 'test -x run.sh', 1, 41],
      ['guest', 'ssh', 'command -v bash git', 0, 38],
    ],
  ],
};
