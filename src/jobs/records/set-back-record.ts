import { z } from 'zod';

const at = z.number();
const retry = z.looseObject({ nextTryAt: at });
const mayAppear = z.looseObject({ mayAppearUntil: at });

/** The instants of a record on our own clock. Instants that GitHub or a failure reports are not ours. */
const dated = z.looseObject({
  context: z.looseObject({
    // Records of earlier versions have neither `holdOrder` nor `hold`.
    job: z.looseObject({ notBefore: at, holdOrder: z.looseObject({ at }).nullish() }),
    vm: mayAppear.extend({ expiresAt: at.nullable() }).nullable(),
    runner: mayAppear.nullable(),
    phase: retry.extend({ enteredAt: at, deadlineAt: at }),
    runnerRemoval: retry,
    jobCheck: retry,
    otherJobSince: at.nullable(),
    hold: z.looseObject({ at, until: at, latest: at }).nullish(),
  }),
  children: z.record(z.string(), z.looseObject({ src: z.string(), snapshot: z.looseObject({}) })),
});

/**
 * Sets all instants of a stored snapshot back by `ms`: the system's clock was set back since it was saved,
 * and its deadlines would otherwise last that much longer (laws 8 and 13). A snapshot of another form is
 * returned unchanged.
 */
export function setBackRecord(snapshot: unknown, ms: number): unknown {
  const { data } = dated.safeParse(snapshot);
  if (!data) return snapshot;
  // 0 means "never".
  const back = <T extends number | null>(instant: T) =>
    instant === null || instant === 0 ? instant : instant - ms;
  const { context, children } = data;
  const { job, vm, runner, phase, runnerRemoval, jobCheck, otherJobSince, hold } = context;
  const again = <T extends { nextTryAt: number }>(one: T) => ({ ...one, nextTryAt: back(one.nextTryAt) });
  return {
    ...data,
    context: {
      ...context,
      job: {
        ...job,
        notBefore: back(job.notBefore),
        ...(job.holdOrder && { holdOrder: { ...job.holdOrder, at: back(job.holdOrder.at) } }),
      },
      vm: vm && { ...vm, expiresAt: back(vm.expiresAt), mayAppearUntil: back(vm.mayAppearUntil) },
      runner: runner && { ...runner, mayAppearUntil: back(runner.mayAppearUntil) },
      phase: { ...again(phase), enteredAt: back(phase.enteredAt), deadlineAt: back(phase.deadlineAt) },
      runnerRemoval: again(runnerRemoval),
      jobCheck: again(jobCheck),
      otherJobSince: back(otherJobSince),
      ...(hold && {
        hold: { ...hold, at: back(hold.at), until: back(hold.until), latest: back(hold.latest) },
      }),
    },
    children: Object.fromEntries(
      Object.entries(children).map(([id, child]) => [
        id,
        child.src === 'waitUntil' ? waiting(child, ms) : child,
      ]),
    ),
  };
}

function waiting<Child extends { snapshot: Record<string, unknown> }>(child: Child, ms: number): Child {
  const input = child.snapshot.input as { at: number };
  return { ...child, snapshot: { ...child.snapshot, input: { ...input, at: input.at - ms } } };
}
