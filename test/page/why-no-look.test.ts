import { expect, test } from 'vitest';
import { whyNoLook } from '../../src/page/look/why-no-look.js';
import { contextAt } from '../machines/job-samples.ts';

const live = (state: string) =>
  ({ context: contextAt(state as never), state, isPast: false, role: 'operator', mode: 'live' }) as const;
const BOTH = (why: string | null) => ({ log: why, screen: why });

test('log and screen of a VM that runs a job can be asked for', () => {
  expect(whyNoLook(live('running.busy.watching'))).toEqual(BOTH(null));
});

test('a VM that boots has a screen and no log', () => {
  expect(whyNoLook(live('sshReady.acting'))).toEqual({
    log: 'No runner is in its VM yet, so there is no log.',
    screen: null,
  });
});

test.each([
  ['without a VM', live('queued'), 'It has no VM now.'],
  ['whose VM is not made yet', live('creating.acting'), 'Its VM is not made yet.'],
  ['that is over', { ...live('running.busy.watching'), state: 'done' }, 'Its VM is removed.'],
  [
    'whose VM is removed',
    { ...live('running.busy.watching'), state: 'tearingDown.vm.gone, tearingDown.runner.acting' },
    'Its VM is removed.',
  ],
  [
    'in the past',
    { ...live('running.busy.watching'), isPast: true },
    'Only the VM of the present can be asked: choose "Live" first.',
  ],
  [
    'for a reader',
    { ...live('running.busy.watching'), role: 'reader' as const },
    'Log and screen need the admin token: they may hold whatever the job printed.',
  ],
  [
    'in a recording',
    { ...live('running.busy.watching'), mode: 'replay' as const },
    'This is a recording: there is no VM to ask.',
  ],
])('a job %s says why neither can be had', (_how, asked, why) => {
  expect(whyNoLook(asked)).toEqual(BOTH(why));
});
