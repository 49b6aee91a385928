import type { JobEffects } from '../../machines/job/effects.ts';
import type { EffectWorld } from './effect-world.ts';

export type EffectName = keyof JobEffects;

export type Input<Name extends EffectName> = JobEffects[Name]['input'];
export type Output<Name extends EffectName> = JobEffects[Name]['output'];

/** Begins when the snapshot that orders the effect is durable (law 1). */
interface OrderedEffect<Name extends EffectName> {
  readonly name: Name;
  readonly looksEarly: false;
  run(world: EffectWorld, input: Input<Name>, signal: AbortSignal): Promise<Output<Name>>;
}

/** Begins while the snapshot that orders the effect is still being written. */
interface EarlyEffect<Name extends EffectName> {
  readonly name: Name;
  readonly looksEarly: true;
  run(
    world: EffectWorld,
    input: Input<Name>,
    signal: AbortSignal,
    ordered: () => Promise<void>,
  ): Promise<Output<Name>>;
}

/**
 * How one order of the machine is carried out: the effect looks first, then does only what is missing (law
 * 2).
 */
export type Effect<Name extends EffectName> = OrderedEffect<Name> | EarlyEffect<Name>;

/** Defines an effect that begins when the snapshot that orders the effect is durable. */
export function effect<Name extends EffectName>(
  name: Name,
  run: OrderedEffect<Name>['run'],
): OrderedEffect<Name> {
  return { name, looksEarly: false, run };
}

/**
 * Defines an effect that looks at the world while the snapshot that orders it is still being written, which
 * saves the time of one write to disk. Its `run` must await `ordered` before it changes anything (law 1);
 * `ordered` rejects when the machine left the state before the snapshot was durable.
 */
export function earlyEffect<Name extends EffectName>(
  name: Name,
  run: EarlyEffect<Name>['run'],
): EarlyEffect<Name> {
  return { name, looksEarly: true, run };
}
