import { vi } from 'vitest';
import type { JobObservation } from '../../machines/job/observation.ts';
import { createGitHub } from '../../src/github/github.ts';
import { createGitHubApp } from '../../src/simulator/github/github-app.ts';
import type { GitHubSettings } from '../../src/simulator/github/options.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { REPOSITORY, TOKEN, virtualGitHub } from '../simulator/github/github-fixture.ts';

/** Milliseconds. */
export const SLOW = 300_000;

/** The adapter on a simulated GitHub in process, both on virtual time. Closed by `using`. */
export function pollingRig(settings: GitHubSettings = {}) {
  const { clock, world, push } = virtualGitHub(settings);
  ensureRepository(world, REPOSITORY);
  const app = createGitHubApp(world);
  const statuses: string[] = [];
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const url = new URL(String(input));
    const status = url.searchParams.get('status');
    if (status !== null) statuses.push(status);
    return app.request(`${url.pathname}${url.search}`, init);
  });
  const seen: JobObservation[] = [];
  return {
    clock,
    world,
    push,
    github: createGitHub({ apiUrl: 'https://api.github.com', auth: { token: TOKEN }, clock }),
    /** The observations so far. */
    seen,
    onObservation: (one: JobObservation) => void seen.push(one),
    /** Returns the observations since the last call, by job. */
    took: () =>
      seen
        .splice(0)
        .map(({ jobId, status }) => `${jobId} ${status}`)
        .sort(),
    /** The `status` filters of the requested lists of runs, in order. */
    statuses,
    [Symbol.dispose]: () => {
      world.alarms.end();
      spy.mockRestore();
    },
  };
}
