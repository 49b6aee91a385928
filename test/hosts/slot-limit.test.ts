import { expect, test } from 'vitest';
import type { AgentHealth } from '../../src/agent/agent-responses.ts';
import { SlotLimit } from '../../src/hosts/slot-limit.ts';

const { signal } = new AbortController();

function agent() {
  const asked: number[] = [];
  const limit = new SlotLimit({
    capabilities: async () => {
      const maxConcurrentVMs = asked.push(asked.length);
      if (maxConcurrentVMs === 3) throw new Error('no answer');
      return { maxConcurrentVMs, features: [] };
    },
  });
  const look = (version: string, uptime: number) => limit.of({ version, uptime } as AgentHealth, signal);
  return { look, asked };
}

test('an agent is asked for its limit once while it runs', async () => {
  const { look, asked } = agent();
  expect([await look('1', 5), await look('1', 5), await look('1', 65)]).toEqual([1, 1, 1]);
  expect(asked).toHaveLength(1);
});

test('an agent of another version and one that was restarted are asked again', async () => {
  const { look } = agent();
  expect([await look('1', 5), await look('2', 65)]).toEqual([1, 2]);
  const { look: lookAtOther } = agent();
  expect([await lookAtOther('1', 65), await lookAtOther('1', 5), await lookAtOther('1', 6)]).toEqual([
    1, 2, 2,
  ]);
});

test('a question without an answer fails the look, and the next look asks again', async () => {
  const { look } = agent();
  await look('1', 5);
  await look('2', 5);
  await expect(look('3', 5)).rejects.toThrow('no answer');
  expect([await look('3', 6), await look('3', 7)]).toEqual([4, 4]);
});
