import type { Range } from '../../../src/store/engine.ts';

export interface PageIn {
  table: string;
  range: Range;
}

const PAGE =
  /^select (?:key|key, value::text as value) from (\S+) where (true(?: and key [<>] \$\d)*) order by key (asc|desc) limit (\d+)$/;
const MANY = /^select key, value::text as value from (\S+) where key = any\(\$1::text\[\]\)$/;

/** Returns the range of a page of `PostgresReader`; null for another statement. */
export function pageIn(text: string, values: readonly unknown[]): PageIn | null {
  const [, table, conditions, order, limit] = PAGE.exec(text) ?? [];
  if (table === undefined || conditions === undefined) return null;
  const range: Range = { reverse: order === 'desc', limit: Number(limit) };
  for (const condition of conditions.split(' and ').slice(1)) {
    const [, sign, place] = condition.split(' ');
    range[sign === '>' ? 'gt' : 'lt'] = String(values[Number(place?.slice(1)) - 1]);
  }
  return { table, range };
}

/** Returns table and keys of a read of `getMany`; null for another statement. */
export function keysIn(text: string, values: readonly unknown[]): { table: string; keys: string[] } | null {
  const table = MANY.exec(text)?.[1];
  return table === undefined ? null : { table, keys: values[0] as string[] };
}
