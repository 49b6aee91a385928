import { rows } from './job-table.ts';

/**
 * The teardown as reviewed data: VM, runner and job are three independent parts of it. Each has its own
 * tables, and `spread` applies them to every state of the other two. Cells name the next state of the part;
 * `given up` is `gone` with a job that was given up, so that an actor with nothing else left fails.
 */

const PARTS = {
  vm: ['askingToHold', 'unregistering', 'opening', 'held', 'acting', 'waiting', 'gone'],
  runner: ['acting', 'waiting', 'gone'],
  job: ['acting', 'waiting', 'decided', 'gone'],
} as const;
export type Parts = { [Part in keyof typeof PARTS]: (typeof PARTS)[Part][number] };

/**
 * Events from outside concern only the job part of a teardown, except two events of an operator and what HOLD_EXTERNAL
 * lists.
 */
export const TEARDOWN_EXTERNAL = `
event                      | acting   | waiting  | decided | gone
slot granted               | ·        | ·        | ·       | ·
slot reclaimed             | ·        | ·        | ·       | ·
job started                | gone     | gone     | ·       | ·
completed here             | gone     | gone     | ·       | ·
failed here                | gone     | gone     | ·       | ·
completed elsewhere        | gone     | gone     | ·       | ·
taken elsewhere            | gone     | gone     | ·       | ·
gets a queued job          | ·        | ·        | ·       | ·
gets one of other scope    | ·        | ·        | ·       | ·
gets one of other profile  | ·        | ·        | ·       | ·
gets one running here      | gone     | gone     | ·       | ·
gets one ended here        | gone     | gone     | ·       | ·
gets one running elsewhere | gone     | gone     | ·       | ·
gets one ended elsewhere   | gone     | gone     | ·       | ·
job released               | gone     | gone     | gone    | ·
job still queued           | ·        | ·        | ·       | ·
job unservable             | given up | given up | ·       | ·
VM vanished                | ·        | ·        | ·       | ·
host lost                  | ·        | ·        | ·       | ·
room elsewhere             | ·        | ·        | ·       | ·
host drained               | ·        | ·        | ·       | ·
cancelled by hand          | given up | given up | ·       | ·
hold granted               | ·        | ·        | ·       | ·
hold ended                 | ·        | ·        | ·       | ·
held by hand               | ·        | ·        | ·       | ·
released by hand           | ·        | ·        | ·       | ·
VM adopted                 | ·        | ·        | ·       | ·
`;

/** What the part of a VM that is held does with an event; `again`: it stays, and its effects start again. */
export const HOLD_EXTERNAL = `
event            | askingToHold  | unregistering | opening | held
VM vanished      | acting        | acting        | acting  | acting
host lost        | acting        | acting        | acting  | acting
host drained     | acting        | acting        | acting  | acting
hold granted     | unregistering | ·             | ·       | ·
hold ended       | acting        | acting        | acting  | acting
held by hand     | again         | again         | again   | again
released by hand | acting        | acting        | acting  | acting
`;

export const TEARDOWN_DONE = `
part          | effect       | answer            | leads to
vm.acting     | deleteVm     | gone              | gone
vm.opening    | openVm       | opened            | held
vm.opening    | openVm       | found off         | acting
runner.acting | removeRunner | gone              | gone
job.acting    | recheckJob   | queued            | decided
job.acting    | recheckJob   | held back         | decided
job.acting    | recheckJob   | running elsewhere | gone
job.acting    | recheckJob   | completed         | gone
`;

/** When a repository is gone, so are its jobs. */
export const TEARDOWN_REPOSITORY_GONE = `
part          | effect       | leads to
vm.acting     | deleteVm     | waiting
vm.opening    | openVm       | held
runner.acting | removeRunner | waiting
job.acting    | recheckJob   | given up
`;

/**
 * For every code. Another test covers a runner that is left to the collector, since its removal failed for
 * long.
 */
export const TEARDOWN_REJECTED = `
part          | effect       | leads to
vm.acting     | deleteVm     | waiting
vm.opening    | openVm       | held
runner.acting | removeRunner | waiting
job.acting    | recheckJob   | waiting
`;

export const TEARDOWN_WAITS = `
part             | wait            | leads to
vm.askingToHold  | holdEnd         | acting
vm.unregistering | holdEnd         | acting
vm.opening       | holdEnd         | acting
vm.held          | holdEnd         | acting
vm.waiting       | vmRetryWait     | acting
runner.waiting   | runnerRetryWait | acting
job.waiting      | jobRetryWait    | acting
`;

/** Every state in which a teardown can rest. */
export const TEARDOWNS: Parts[] = PARTS.vm
  .flatMap((vm) => PARTS.runner.flatMap((runner) => PARTS.job.map((job) => ({ vm, runner, job }))))
  .filter((parts) => Object.values(parts).some((part) => part !== 'gone'))
  .filter(({ vm, runner }) => canBeTogether(vm, runner));

/** A held VM is opened as soon as its runner is gone, and not before. */
export function canBeTogether(vm: string, runner: string): boolean {
  if (vm === 'unregistering') return runner !== 'gone';
  return (vm !== 'opening' && vm !== 'held') || runner === 'gone';
}

/** The path of a teardown; when nothing is left, the actor has ended. */
export function teardownPath({ vm, runner, job }: Parts): string {
  return [vm, runner, job].every((part) => part === 'gone')
    ? 'done'
    : `tearingDown vm.${vm} runner.${runner} job.${job}`;
}

/** The path of a teardown after one of its parts goes where a cell says. */
export function withPart(parts: Parts, part: keyof Parts, cell: string): string {
  if (cell === '·') return '·';
  const isGivenUp = cell === 'given up';
  const after = { ...parts, [part]: isGivenUp ? 'gone' : cell };
  const isFree = after.vm === 'unregistering' && after.runner === 'gone';
  const to = teardownPath(isFree ? { ...after, vm: 'opening' } : after);
  return isGivenUp && to === 'done' ? 'failed' : to;
}

/**
 * Repeats each row of a table of parts for every teardown with that part in that state: path, other cells,
 * leads to.
 */
export function spread(table: string): string[][] {
  return rows(table).flatMap(([place = '', ...cells]) => {
    const [part, state] = place.split('.') as [keyof Parts, string];
    const to = cells.pop() ?? '';
    return TEARDOWNS.filter((parts) => parts[part] === state).map((parts) => [
      teardownPath(parts),
      ...cells,
      withPart(parts, part, to),
    ]);
  });
}
