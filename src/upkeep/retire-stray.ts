import { createActor } from 'xstate';
import { JOB_ACTOR } from '../../machines/job/effects.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import type { JobPolicy } from '../../machines/job/policy.ts';
import { createJobMachine, type JobSnapshot } from '../../machines/job.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import { type Clock, withinTimeout } from '../clock.ts';
import { EffectTracer } from '../effects/effect-tracer.ts';
import { forwardedAddress } from '../effects/guest/forwarded-address.ts';
import { jobEffects } from '../effects/job-effects.ts';
import { DaemonError } from '../errors.ts';
import { jobFrom } from '../jobs/new-job.ts';
import { waitUntil } from '../wait-until.ts';
import { identifyStray, type StrayOptions } from './identify-stray.ts';
import type { CollectionStep } from './plan-collection.ts';

export interface RetireOptions extends StrayOptions {
  /** Its `namePrefix` is that of the VM's name. */
  policy: JobPolicy;
  clock: Clock;
  /** The profile that matches a job's labels; null when no profile does. */
  profileFor(labels: string[]): string | null;
}

/**
 * Milliseconds for requests and for removing the runner and the VM, in addition to the confirmation window.
 */
const PATIENCE = 4 * 60_000;

/**
 * Retires a VM that may be working, without a daemon: one actor of the job machine begins with the protocol
 * of law 5, like the actor of a VM that the collector adopts. Nothing is stored, since it only removes things
 * and a second try looks again. Rejects with VM_BUSY when the guest works, and leaves the VM as it was;
 * otherwise rejects with what prevented the end.
 */
export function retireStray(options: RetireOptions, step: CollectionStep & { kind: 'vm' }): Promise<void> {
  const { clock, policy } = options;
  const patience = policy.timeouts.retireWindow + PATIENCE;
  return withinTimeout(clock, patience, (signal) => retire(options, step, signal));
}

async function retire(
  options: RetireOptions,
  step: CollectionStep & { kind: 'vm' },
  signal: AbortSignal,
): Promise<void> {
  const { clock, policy, profileFor, world } = options;
  const named = parseResourceName(policy.namePrefix, step.name);
  if (named === null) throw new Error(`the VM ${step.name} is not of ${policy.namePrefix}`);
  // A guest without an address cannot be asked. This is reported at once: a person does not wait for a
  // command as a daemon waits.
  await forwardedAddress(world, step.host, step.id, signal);
  const { job, place, adoption } = await identifyStray(options, step, named, signal);
  const profile = job && profileFor(job.labels);
  const machine = createJobMachine({ policy, now: () => clock.now() }).provide({
    actors: {
      ...jobEffects(world, () => Promise.resolve(), new EffectTracer(clock, () => undefined)),
      waitUntil: waitUntil(clock),
    },
  });
  const actor = createActor(machine, {
    id: step.name,
    systemId: JOB_ACTOR,
    input: {
      job:
        job && profile ? jobFrom(job, profile) : placeholder({ name: 'left VM', at: clock.now(), ...place }),
    },
  });
  await new Promise<void>((resolve, reject) => {
    const stop = () => reject(unfinished(step, actor.getSnapshot()));
    signal.addEventListener('abort', stop, { once: true });
    const settle = (snapshot: JobSnapshot) => {
      if (snapshot.status === 'done') resolve();
      else if (snapshot.hasTag('decided')) actor.send({ type: 'job.released' });
      else if (!snapshot.hasTag('leaving')) reject(isWorking(step));
    };
    actor.start();
    actor.send(adoption(profile ?? '', { next: 1, last: 0 }));
    actor.subscribe({ next: settle, error: reject });
    settle(actor.getSnapshot());
  }).finally(() => actor.stop());
}

function isWorking({ name }: CollectionStep): DaemonError {
  return new DaemonError('VM_BUSY', `A job runs in the guest of ${name}: try again when it has ended.`);
}

/** The error that says what was waited for when the time was over. */
function unfinished({ name }: CollectionStep, { context }: JobSnapshot): DaemonError {
  const { phase, runnerRemoval } = context;
  const { code, message } = phase.lastFailure ??
    runnerRemoval.lastFailure ?? {
      code: 'UNEXPECTED' as const,
      message: `The VM ${name} was not seen to end in time.`,
    };
  return new DaemonError(code, message);
}
