import { expect, test } from 'vitest';
import { holdsSlot, isAtRest, isPoweredOn } from '../../src/agent/vm-state.ts';

test.each([
  // state, powered on, holds a slot, at rest
  ['created', false, false, true],
  ['installing', false, true, false],
  ['stopped', false, false, true],
  ['starting', true, true, false],
  ['running', true, true, false],
  ['stopping', true, true, false],
  ['pausing', true, true, false],
  ['paused', true, true, false],
  ['resuming', true, true, false],
  ['error', false, false, true],
  ['deleted', false, false, true],
  ['a state of a later agent', false, false, false],
])(
  'a VM in the state "%s" is powered on: %s, holds a slot: %s, is at rest: %s',
  (state, poweredOn, slot, rest) => {
    expect([isPoweredOn(state), holdsSlot(state), isAtRest(state)]).toEqual([poweredOn, slot, rest]);
  },
);
