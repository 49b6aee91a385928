import { expect, test } from 'vitest';
import { NO_JOB } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import { ActorIndex } from '../../src/jobs/actor-index.ts';

interface Shape {
  job: number;
  runner?: string;
  vm?: { host: string; name: string };
  /** For which job its VM was made, and the last number of the VM's names. */
  madeFor?: number;
  last?: number;
  state?: string;
}

/**
 * A snapshot with what the index reads. An actor with a VM holds a slot until its state is `gone`; in the state
 * `creating` the VM is not usable yet.
 */
function snapshot({ job, runner, vm, madeFor = job, last = 100, state = 'running' }: Shape): JobSnapshot {
  const context = {
    job: { id: job },
    vm: vm ? { ...vm, madeFor: { jobId: madeFor, attempt: 1 }, numbers: { next: last, last } } : null,
    runner: runner ? { name: runner } : null,
  };
  const hasVm = vm !== undefined && state !== 'gone';
  const tags = [
    ...(state === 'queued' ? ['queued'] : []),
    ...(hasVm ? ['holdsSlot'] : []),
    ...(hasVm && state !== 'creating' ? ['provisioned'] : []),
  ];
  const hasTag = (tag: string) => tags.includes(tag);
  return { context, hasTag } as unknown as JobSnapshot;
}

const on = (host: string, name: string) => ({ host, name });

test('in an exchange each job is found at its new holder, whichever actor is noted first', () => {
  const index = new ActorIndex();
  index.note('a', snapshot({ job: 1, runner: 'r1' }));
  index.note('b', snapshot({ job: 2, runner: 'r2' }));
  index.note('a', snapshot({ job: 2, runner: 'r1' }));
  expect(index.keyOfJob(2)).toBe('a');
  index.note('b', snapshot({ job: 1, runner: 'r2' }));
  expect([index.keyOfJob(1), index.keyOfJob(2)]).toEqual(['b', 'a']);
  expect([index.keyOfRunner('r1'), index.keyOfRunner('r2')]).toEqual(['a', 'b']);
});

test('a job that was released is found at its next actor, also after the end of the first', () => {
  const index = new ActorIndex();
  index.note('1', snapshot({ job: 1, runner: 'r1' }));
  index.note('1', snapshot({ job: NO_JOB, runner: 'r1' }));
  expect([index.keyOfJob(1), index.keyOfJob(NO_JOB), index.keyOfRunner('r1')]).toEqual([
    undefined,
    undefined,
    '1',
  ]);
  index.note('1.2', snapshot({ job: 1 }));
  index.note('1', null);
  expect([index.keyOfJob(1), index.keyOfRunner('r1')]).toEqual(['1.2', undefined]);
});

test('a slot is held on one host at a time, and given back with the VM or with the actor', () => {
  const index = new ActorIndex();
  index.note('a', snapshot({ job: 1, vm: on('mac-1', 'vm-1') }));
  index.note('b', snapshot({ job: 2, vm: on('mac-1', 'vm-2') }));
  expect(index.slotsOn('mac-1')).toEqual(new Set(['vm-1', 'vm-2']));
  index.note('a', snapshot({ job: 1, vm: on('mac-2', 'vm-3') }));
  expect([index.slotsOn('mac-1'), index.slotsOn('mac-2')]).toEqual([new Set(['vm-2']), new Set(['vm-3'])]);
  index.note('a', snapshot({ job: 1, vm: on('mac-2', 'vm-3'), state: 'gone' }));
  index.note('b', null);
  expect([index.slotsOn('mac-1'), index.slotsOn('mac-2')]).toEqual([new Set(), new Set()]);
});

test('queued actors and warm VMs are known until their state changes', () => {
  const index = new ActorIndex();
  index.note('queued', snapshot({ job: 1, state: 'queued' }));
  index.note('warm', snapshot({ job: NO_JOB, vm: on('mac-1', 'vm-1'), state: 'warm' }));
  expect([[...index.queued], [...index.placeholders]]).toEqual([['queued'], ['warm']]);
  index.note('queued', snapshot({ job: 1, state: 'creating', vm: on('mac-1', 'vm-2') }));
  index.note('warm', snapshot({ job: 1, vm: on('mac-1', 'vm-1') }));
  expect([[...index.queued], [...index.placeholders]]).toEqual([[], []]);
});

test('an actor whose VM is not usable yet is known until it is usable, or the actor ends', () => {
  const index = new ActorIndex();
  for (const key of ['a', 'b'])
    index.note(key, snapshot({ job: 1, state: 'creating', vm: on('mac-1', key) }));
  expect([...index.making]).toEqual(['a', 'b']);
  index.note('a', snapshot({ job: 1, vm: on('mac-1', 'a') }));
  index.note('b', null);
  expect([...index.making]).toEqual([]);
});

test('law 2: the highest number of a job id is known while there is an actor whose VM may have it', () => {
  const index = new ActorIndex();
  const [first, second] = [on('mac-1', 'vm-1'), on('mac-1', 'vm-2')];
  expect(index.lastNumber(1)).toBe(0);
  index.note('1', snapshot({ job: 1, vm: first, last: 100 }));
  // Its job goes on in another actor, which then gets another job in an exchange.
  index.note('1', snapshot({ job: NO_JOB, vm: first, madeFor: 1, last: 100 }));
  index.note('1.2', snapshot({ job: 1, vm: second, last: 200 }));
  expect([index.lastNumber(1), index.lastNumber(2)]).toEqual([200, 0]);
  index.note('1.2', snapshot({ job: 2, vm: second, madeFor: 1, last: 200 }));
  expect([index.lastNumber(1), index.lastNumber(2)]).toEqual([200, 0]);
  index.note('1.2', null);
  expect(index.lastNumber(1)).toBe(100);
  index.note('1', null);
  expect(index.lastNumber(1)).toBe(0);
});
