import { expect, test } from 'vitest';
import { hasYetToServe } from '../../src/controller/active/images/has-yet-to-serve.ts';
import { STAND_IN, VM } from '../machines/job-samples.ts';
import { snapshotAt } from '../machines/job-step.ts';

const image = { reference: 'r', digest: 'b' };

/** Whether a VM in this state is the one that a tried image may have. */
function isTheOne(path: string, { profile = 'mac', digest = 'b', job }: Partial<Given> = {}): boolean {
  const vm = { ...VM, profile, image: { ...image, digest } };
  return hasYetToServe(snapshotAt(path, { vm, ...(job && { job }) }), 'mac', 'b');
}

interface Given {
  profile: string;
  digest: string;
  job: typeof STAND_IN;
}

test.each<[string, boolean, string, Partial<Given>?]>([
  ['is being made', true, 'creating.acting'],
  ['boots', true, 'sshReady.waiting'],
  ['has no runner that is online', true, 'runnerOnline.confirming.waiting'],
  ['waits for its first job', true, 'warm', { job: STAND_IN }],
  ['has a runner that is online', false, 'running.idle.watching'],
  ['is being removed', false, 'tearingDown vm.acting runner.gone job.gone'],
  ['is one of another image', false, 'warm', { job: STAND_IN, digest: 'a' }],
  ['is one of another profile', false, 'warm', { job: STAND_IN, profile: 'mac-large' }],
])('a VM that %s has yet to serve: %s', (_, expected, path, given) => {
  expect(isTheOne(path, given)).toBe(expected);
});
