import { expect, test } from 'vitest';
import type { Statement } from '../../src/store/postgres/batch-statement.ts';
import type { Row } from '../../src/store/postgres/writer.ts';
import { SharedInbox } from '../../src/store/shared/shared-inbox.ts';
import { observation } from './records.ts';

const delivery = { at: 1, observation: observation(7), hook: null };

/** An inbox on a fake database: the test decides when each statement ends, and which ids it has stored. */
function inbox() {
  const written: string[][] = [];
  const answers: { resolve(rows: Row[]): void; reject(error: Error): void }[] = [];
  const shared = new SharedInbox({
    write: ({ values }: Statement) => {
      written.push(values[0] as string[]);
      return new Promise<Row[]>((resolve, reject) => answers.push({ resolve, reject }));
    },
  });
  return { shared, written, answers };
}

test('deliveries that come during a write share the next one, and a copy is known', async () => {
  const { shared, written, answers } = inbox();
  const first = shared.keep('a', delivery);
  const others = ['b', 'c', 'b'].map((id) => shared.keep(id, delivery));
  answers[0]?.resolve([{ stored: ['a'] }]);
  expect(await first).toBe('stored');
  await new Promise((resolve) => setImmediate(resolve));
  expect(written.map((ids) => [...ids].sort())).toEqual([['a'], ['b', 'c']]);
  answers[1]?.resolve([{ stored: ['b'] }]);
  expect(await Promise.all(others)).toEqual(['stored', 'known', 'known']);
});

test('law 6: nothing is acknowledged that could not be written, and the next delivery is tried again', async () => {
  const { shared, answers } = inbox();
  const refused = shared.keep('a', delivery);
  answers[0]?.reject(new Error('the database is away'));
  await expect(refused).rejects.toThrow('away');
  const next = shared.keep('a', delivery);
  answers[1]?.resolve([{ stored: ['a'] }]);
  expect(await next).toBe('stored');
});
