import type { Alarm } from '../alarms.ts';
import type { GitHubBase } from '../github-base.ts';
import type { Job } from '../jobs/job.ts';
import type { Account, Repository } from '../repositories.ts';
import { Timeline } from '../timeline.ts';

/** Where a runner is registered: with one repository, or with an organization for all its repositories. */
export type Scope =
  | { readonly kind: 'repository'; readonly repository: Repository }
  | { readonly kind: 'organization'; readonly account: Account };

export interface RunnerLabel {
  readonly id: number;
  readonly name: string;
  readonly type: 'read-only' | 'custom';
}

/** The state of a runner in lists; `busy` has a delay of its own. */
export interface RunnerState {
  readonly status: 'online' | 'offline';
  readonly os: string;
  readonly version: string | null;
}

export interface Runner {
  readonly id: number;
  readonly scope: Scope;
  readonly name: string;
  readonly groupId: number;
  readonly labels: readonly RunnerLabel[];
  readonly ephemeral: boolean;
  readonly isJit: boolean;
  /** The id with which it authenticates when it connects. */
  readonly clientId: string;
  readonly secret: string;
  readonly workFolder: string;
  state: RunnerState;
  /** As lists show it: undefined while they do not show it yet, null once they do not show it any more. */
  readonly shown: Timeline<RunnerState | null>;
  readonly shownBusy: Timeline<boolean>;
  /** Assigned to it, or taken by it. */
  job: Job | null;
  /** It is ephemeral and has had its job: it gets no other one, however that job ended. */
  isSpent: boolean;
  /** Removes the runner when nothing uses it. */
  cleanup: Alarm | null;
}

/** The registered runners. */
export interface Runners extends GitHubBase {
  readonly runners: Map<number, Runner>;
  /** Removed runners, kept while a delayed list may show them. */
  readonly departed: Set<Runner>;
}

export type NewRunner = Pick<
  Runner,
  'scope' | 'name' | 'groupId' | 'labels' | 'ephemeral' | 'isJit' | 'workFolder'
>;

/** Registers a runner: it is listed as offline, and its name is taken. */
export function addRunner(world: Runners, given: NewRunner): Runner {
  const now = world.clock.now();
  const runner: Runner = {
    ...given,
    id: world.ids.next('runner'),
    clientId: world.ids.guid(),
    secret: world.ids.secret(43),
    // Before the first connection these have no meaning.
    state: { status: 'offline', os: 'unknown', version: null },
    shown: new Timeline(world.options.timings.listLag),
    shownBusy: new Timeline(world.options.timings.busyLag),
    job: null,
    isSpent: false,
    cleanup: null,
  };
  world.runners.set(runner.id, runner);
  runner.shown.record(now, runner.state);
  return runner;
}

/** Returns whether exactly this runner is registered: another one may have its id by now. */
export function isRegistered(world: Runners, runner: Runner): boolean {
  return world.runners.get(runner.id) === runner;
}

export function changeRunner(world: Runners, runner: Runner, change: Partial<RunnerState>): void {
  runner.state = { ...runner.state, ...change };
  if (isRegistered(world, runner)) runner.shown.record(world.clock.now(), runner.state);
}

/** Gives the runner a job or takes it away; its `busy` flag follows later. */
export function occupy(world: GitHubBase, runner: Runner, job: Job | null): void {
  runner.job = job;
  runner.shownBusy.record(world.clock.now(), job !== null);
}

/** Returns whether lists show it as busy. */
export function seemsBusy(world: GitHubBase, runner: Runner): boolean {
  return runner.shownBusy.seen(world.clock.now()) ?? false;
}

export function isSameScope(one: Scope, other: Scope): boolean {
  return scopeKey(one) === scopeKey(other);
}

/** Returns the runner of this name, ignoring case. */
export function runnerNamed(world: Runners, scope: Scope, name: string): Runner | null {
  const lower = name.toLowerCase();
  for (const runner of world.runners.values()) {
    if (runner.name.toLowerCase() === lower && isSameScope(runner.scope, scope)) return runner;
  }
  return null;
}

export function groupName(runner: Runner): string {
  if (runner.scope.kind === 'repository') return 'Default';
  return runner.scope.account.groups.find(({ id }) => id === runner.groupId)?.name ?? 'Default';
}

/** Returns the same key for all runners of one scope. */
export function scopeKey(scope: Scope): string {
  return (scope.kind === 'repository' ? scope.repository.fullName : scope.account.login).toLowerCase();
}

/** Returns whether GitHub gives no jobs to the runner's version, because it is too old. */
export function isDeprecated(world: GitHubBase, runner: Runner): boolean {
  const { minimumRunnerVersion: minimum } = world.options;
  if (minimum === null) return false;
  const numbers = (text: string) => text.split('.').map(Number);
  const [own, least] = [numbers(runner.state.version ?? '0'), numbers(minimum)];
  const differs = least.findIndex((part, index) => part !== (own[index] ?? 0));
  return differs >= 0 && (own[differs] ?? 0) < (least[differs] ?? 0);
}
