import type { Clock } from '../../clock.ts';
import type { Rollout } from '../../store/tables/hosts/rollouts.ts';
import type { JournalWriter } from '../journal-writer.ts';

/** `inUse`: one image on every host; `trying`: the next one on one host; `refused`: a newer one is not used. */
export type ImageState = 'inUse' | 'trying' | 'refused';

export function imageState({ trial, refused }: Pick<Rollout, 'trial' | 'refused'>): ImageState {
  if (trial !== null) return 'trying';
  return refused === null ? 'inUse' : 'refused';
}

/** Keeps in the journal which images each profile uses, and why. */
export class ImageEntries {
  readonly #journal: Pick<JournalWriter, 'snapshot' | 'forget'>;
  readonly #clock: Clock;

  constructor(journal: Pick<JournalWriter, 'snapshot' | 'forget'>, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** `why`: what led to the event, as sentences. */
  changed(profile: string, before: Rollout | null, rollout: Rollout, event: string, why: string): void {
    this.#journal.snapshot({
      kind: 'image',
      at: this.#clock.now(),
      actor: actorOf(profile),
      jobId: 0,
      attempt: 0,
      host: rollout.trial?.host ?? null,
      event,
      from: before === null ? '' : imageState(before),
      to: imageState(rollout),
      detail: { profile, ...rollout, why },
    });
  }

  /** The images of the profile are not told apart any more. */
  forget(profile: string): void {
    this.#journal.forget(actorOf(profile));
  }
}

const actorOf = (profile: string) => `image:${profile}`;
