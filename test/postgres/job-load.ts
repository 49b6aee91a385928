import type { Job } from '../../src/simulator/github/jobs/job.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** More than a Mac has slots, so that some jobs always run and others wait. */
const OPEN = 5;
/** Milliseconds between two looks. */
const LOOK_EVERY = 250;

/** Pushes jobs of 0 to 3 seconds, so that a few are open at any time, until it is stopped. */
export class JobLoad {
  readonly jobs: Job[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(world: Scenario, random: () => number) {
    const look = () => {
      if (this.jobs.length - this.over() >= OPEN) return;
      const name = `job ${this.jobs.length + 1}`;
      this.jobs.push(...world.push([{ name, steps: [`sleep ${Math.floor(random() * 4)}`] }]));
    };
    this.#timer = setInterval(look, LOOK_EVERY);
  }

  /** How many of them are over at GitHub. */
  over(): number {
    return this.jobs.filter(({ state }) => state.conclusion !== null).length;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
