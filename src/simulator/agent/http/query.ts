import { Refusal } from '../refusal.ts';

export type Query = ReadonlyMap<string, string>;

const badParameter = (name: string, rule: string) =>
  new Refusal(400, 'INVALID_QUERY_PARAMETER', `Invalid query parameter '${name}': ${rule}`);

/** `limit` of a list, 1 to 1000; left out or empty it is 100. */
export function limitFrom(query: Query): number {
  const limit = integerFrom(query, 'limit', 100);
  if (limit < 1 || limit > 1000) throw badParameter('limit', 'must be between 1 and 1000');
  return limit;
}

/** `offset` of a list; left out or empty it is 0. */
export function offsetFrom(query: Query): number {
  return integerFrom(query, 'offset', 0);
}

/** `true` or `false` in any case; left out, bare or empty it is the default. `1` is refused. */
export function flagFrom(query: Query, name: string, byDefault: boolean): boolean {
  const value = (query.get(name) ?? '').toLowerCase();
  if (value === '') return byDefault;
  if (value !== 'true' && value !== 'false') throw badParameter(name, 'must be true or false');
  return value === 'true';
}

function integerFrom(query: Query, name: string, byDefault: number): number {
  const value = query.get(name) ?? '';
  if (value === '') return byDefault;
  if (!/^\d{1,15}$/.test(value)) throw badParameter(name, 'must be a non-negative integer');
  return Number(value);
}
