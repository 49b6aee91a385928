import { z } from 'zod';
import { count, cutText, exactText, instant } from '../../../bounds.ts';
import type { Table } from '../table.ts';

const image = z.object({ reference: exactText, digest: exactText });
const version = image.extend({
  /** The version of the runner that a probe found in it. */
  runner: exactText.nullable(),
  /** VMs of it whose runner came online, or that wait ready for a job. */
  served: count,
  /** VMs of it that failed, for a cause that may lie in the image. */
  failed: count,
});
const trial = version.extend({
  host: exactText,
  since: instant,
  /** A VM of it failed, and no VM of the old image has shown since whether the host is the cause. */
  doubt: z.object({ at: instant, why: cutText }).nullable(),
  lastFailure: cutText.nullable(),
});
const verdict = z.object({
  what: z.enum(['first', 'spread', 'back']),
  why: cutText,
  at: instant,
  /** The operator who ordered it; null for a decision of the daemon. */
  by: cutText.nullable(),
});
const schema = z.object({
  current: version,
  /** What was in use before: hosts go on with it until they have the current one. */
  previous: image.nullable(),
  trial: trial.nullable(),
  /** Not tried again by itself until the tag moves again, or an operator says so. */
  refused: image.extend({ why: cutText, at: instant }).nullable(),
  last: verdict,
});

/** Which images a profile uses, and how a trial of the next one goes. Instants in epoch ms. */
export type Rollout = z.output<typeof schema>;
export type ImageVersion = z.output<typeof version>;
export type ImageTrial = z.output<typeof trial>;

/** The images of each profile, across restarts. Reads are answered from memory. */
export class Rollouts {
  readonly #table: Table;
  readonly #rollouts = new Map<string, Rollout>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(now: number): Promise<void> {
    for await (const row of this.#table.rows()) {
      const { data, error } = schema.safeParse(row.value);
      if (data) this.#rollouts.set(row.key, notAfter(data, now));
      else
        this.#table.setAside(row, error, null, `The image that ${row.key} has next is used on every host.`);
    }
  }

  /** Null for a profile whose images are not told apart, or of which none was seen yet. */
  of(profile: string): Rollout | null {
    return this.#rollouts.get(profile) ?? null;
  }

  all(): IterableIterator<[profile: string, rollout: Rollout]> {
    return this.#rollouts.entries();
  }

  /** Null forgets the images of the profile. */
  put(profile: string, rollout: Rollout | null): void {
    if (rollout === null) {
      this.#rollouts.delete(profile);
      this.#table.delete(profile);
    } else {
      this.#rollouts.set(profile, rollout);
      this.#table.put(profile, rollout);
    }
  }
}

/** The system's clock may have been set back since; a trial would otherwise last that much longer (law 13). */
function notAfter(rollout: Rollout, now: number): Rollout {
  const { trial } = rollout;
  if (trial === null) return rollout;
  const doubt = trial.doubt && { ...trial.doubt, at: Math.min(trial.doubt.at, now) };
  return { ...rollout, trial: { ...trial, since: Math.min(trial.since, now), doubt } };
}
