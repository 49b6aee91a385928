import { expect, test } from 'vitest';
import { type TakeFacts, whyNotTake } from '../../src/controller/replica/why-not-take.ts';

const facts: TakeFacts = {
  state: { is: 'usable' },
  format: 1,
  needs: { hosts: new Set(['mac-1']), labels: new Set(['macos']) },
  own: { hosts: [{ name: 'mac-1' }], labels: { macos: {} } } as unknown as TakeFacts['own'],
  others: [],
};
const whole = { name: 'other', hosts: ['mac-1'], labels: ['macos'], seenAgo: 1_000 };
const without = { hosts: [{ name: 'mac-2' }], labels: {} } as unknown as TakeFacts['own'];

test('a controller with everything that live jobs need takes a free lease', () => {
  expect(whyNotTake(facts)).toBeNull();
  expect(whyNotTake({ ...facts, others: [whole] })).toBeNull();
});

test('an older version never takes the lease of a newer one', () => {
  expect(whyNotTake({ ...facts, format: 99 })).toMatch(/^A newer version wrote the records \(format 99/);
});

test('a store that was moved is not taken', () => {
  expect(whyNotTake({ ...facts, state: { is: 'moved', to: 'data' } })).toMatch(/moved to data/);
});

test('a controller whose config lacks what live jobs need leaves them to one that has it', () => {
  expect(whyNotTake({ ...facts, own: without, others: [whole] })).toBe(
    'Its config has no host "mac-1" and no label "macos", which jobs need now; the config of other has what they need. Add it to the config here, and reload.',
  );
});

test('it takes over when no controller that has it was seen for ten minutes, or when nobody has it', () => {
  expect(whyNotTake({ ...facts, own: without, others: [{ ...whole, seenAgo: 3_600_000 }] })).toBeNull();
  expect(whyNotTake({ ...facts, own: without, others: [{ ...whole, hosts: [] }] })).toBeNull();
  expect(whyNotTake({ ...facts, own: without })).toBeNull();
});
