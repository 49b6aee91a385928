import { pino } from 'pino';
import { expect, vi } from 'vitest';
import { Poller, type PollerOptions } from '../../src/intake/polling/poller.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';
import { observation } from '../store/records.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { SLOW } from './polling-rig.ts';

/** Milliseconds. */
export const PACE = 15_000;
export const app = { owner: 'octo', repository: 'app' };

export function logOf(lines: string[]) {
  return pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
}

/** A poller whose GitHub consists of these functions; by default it has no jobs. */
export function scripted(over: Partial<PollerOptions> = {}, github: Partial<PollerOptions['github']> = {}) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const lists = vi.fn(async () => []);
  const poller = new Poller({
    github: {
      now: () => clock.now(),
      listActiveRuns: lists,
      listRunJobs: async () => [],
      getJob: async () => null,
      pausedUntil: () => null,
      rateLimits: () => [],
      budgets: () => [],
      ...github,
    },
    repositories: [app],
    pace: () => PACE,
    recheckInterval: SLOW,
    clock,
    random: () => 0.5,
    onObservation: () => undefined,
    onLooked: () => undefined,
    activeJobs: () => [],
    log: logOf(lines),
    ...over,
  });
  /** Waits until the current cycle is over; returns the milliseconds to the next one. */
  const nextIn = async () => {
    await soon(() => expect(clock.alarms).toHaveLength(1));
    return (clock.alarms[0] ?? Number.NaN) - clock.now();
  };
  return { poller, clock, lines, lists, nextIn };
}

/** A job that is active, as the daemon has it. */
export const asHeld = (id: number, repository = 'app') =>
  jobFrom({ ...observation(id), repository }, 'macos');
