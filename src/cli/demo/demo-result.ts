import type { DemoControllers } from './controllers/demo-controllers.ts';
import type { DemoState } from './demo-state.ts';

/** The last line of `demo --json`. */
export interface DemoResult {
  jobs: number;
  succeeded: number;
  failed: number;
  vmsCreated: number;
  vmsLeft: number;
  runnersLeft: number;
  recordsLeft: number;
  /** From queued to completed at GitHub; null when no job was completed. */
  secondsMedian: number | null;
  kills: number;
  /** With several controllers: seconds from each kill until another one was active. */
  takeOverSeconds?: number[];
}

export function demoResult(
  state: DemoState,
  recordsLeft: number,
  { kills, takeOvers, areSeveral }: Pick<DemoControllers, 'kills' | 'takeOvers' | 'areSeveral'>,
): DemoResult {
  const ended = state.jobs.filter(({ conclusion }) => conclusion !== null);
  const succeeded = ended.filter(({ conclusion }) => conclusion === 'success').length;
  return {
    jobs: state.jobs.length,
    succeeded,
    failed: state.jobs.length - succeeded,
    vmsCreated: state.vmsCreated,
    vmsLeft: state.vms.length,
    runnersLeft: state.runners.length,
    recordsLeft,
    secondsMedian: median(ended.map(({ seconds }) => seconds)),
    kills,
    ...(areSeveral && { takeOverSeconds: takeOvers.map((ms) => Math.round(ms / 100) / 10) }),
  };
}

/** Returns everything that went wrong in a demonstration, as phrases for a person. */
export function complaints(
  state: DemoState,
  { failed, recordsLeft }: DemoResult,
  daemonExit: number | null,
): string[] {
  const bad = state.jobs.filter(({ conclusion }) => conclusion !== 'success');
  return [
    ...(failed > 0
      ? [
          `jobs without success: ${bad.map((job) => `${job.name} (${job.conclusion ?? job.state})`).join(', ')}`,
        ]
      : []),
    ...(state.vms.length > 0 ? [`VMs left: ${state.vms.join(', ')}`] : []),
    ...(state.runners.length > 0 ? [`runners left: ${state.runners.join(', ')}`] : []),
    ...(recordsLeft > 0 ? [`records left in the store: ${recordsLeft}`] : []),
    ...(daemonExit !== 0
      ? [
          `the daemon did not stop in order (${daemonExit === null ? 'it had to be killed' : `status ${daemonExit}`})`,
        ]
      : []),
  ];
}

function median(values: number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : Math.round(((low + high) / 2) * 10) / 10;
}
