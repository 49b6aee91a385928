import type { Write } from '../committed.ts';

/** What a batch asks for, as its statement has it. */
export interface BatchIn {
  epoch: number;
  number: number;
  /** Whether the fence lets it through, as its condition says. */
  passes(fence: Fence): boolean;
  writes: (Write & { table: string })[];
}

export interface Fence {
  epoch: number;
  batch: number;
}

const FENCE = /^with fence as \(update jeballto_runner\.fence set batch = \$2 where (.+) returning epoch\)/;
const DELETE =
  /^without_\d+ as \(delete from (\S+) where key = any\(\$(\d+)::text\[\]\)( and exists \(select from fence\))?\)/;
const PUT =
  /^with_\d+ as \(insert into (\S+) \(key, value\) select key, value::json from unnest\(\$(\d+)::text\[\], \$(\d+)::text\[\]\) as put \(key, value\)( where exists \(select from fence\))? on conflict \(key\) do update set value = excluded\.value\)/;

/** Returns the batch of a statement of `batchStatement`; null for another one. Throws for a form that it does not know. */
export function batchIn(text: string, values: readonly unknown[]): BatchIn | null {
  const fence = FENCE.exec(text)?.[1];
  if (fence === undefined) return null;
  const [epoch, number] = [Number(values[0]), Number(values[1])];
  const conditions = fence.split(' and ').map((condition) => {
    if (condition === 'epoch = $1') return (has: Fence) => has.epoch === epoch;
    if (condition === 'batch < $2') return (has: Fence) => has.batch < number;
    if (condition === 'true') return () => true;
    throw new Error(`the simulated database does not know this condition of the fence: ${condition}`);
  });
  const writes: BatchIn['writes'] = [];
  const list = (place: string | undefined) => values[Number(place) - 1] as string[];
  for (const part of text.split('\nselect exists')[0]?.split(',\n').slice(1) ?? []) {
    const [, without, keys] = DELETE.exec(part) ?? [];
    const [, into, puts, texts] = PUT.exec(part) ?? [];
    if (without !== undefined) {
      for (const key of list(keys)) writes.push({ type: 'del', table: without, key });
    } else if (into !== undefined) {
      list(puts).forEach((key, n) => {
        writes.push({ type: 'put', table: into, key, value: list(texts)[n] as string });
      });
    } else throw new Error(`the simulated database does not know this part of a batch: ${part}`);
  }
  return { epoch, number, passes: (has) => conditions.every((holds) => holds(has)), writes };
}
