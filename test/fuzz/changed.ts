import fc from 'fast-check';

// The cases are the same each time, unless FUZZ_SEED is set.
fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

/** A placeholder for deeply nested lists, which only the JSON text can have. */
const DEEP = '@deep@';
const DEEP_TEXT = '['.repeat(20_000) + ']'.repeat(20_000);

/** The JSON text of a value, with the placeholder replaced. */
export function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? '').replaceAll(`"${DEEP}"`, DEEP_TEXT);
}

/**
 * Copies of a value, each with a huge text in another place; `first`: the length of the first text in
 * characters.
 */
export function withHugeTexts(value: unknown, first = 100_000): unknown[] {
  return placesOf(value)
    .slice(1)
    .map((place, n) =>
      withChange(structuredClone(value), place, 'x'.repeat(n === 0 ? first : 100_000), false),
    );
}

const JUNK = [
  null,
  undefined,
  true,
  -1,
  0,
  1e308,
  '',
  'x',
  '\u0000\u202e',
  [],
  {},
  [null],
  { __proto__: null },
  // At the limits of ranges, and beyond them.
  0.5,
  65_535,
  65_536,
  70_000,
  2 ** 53 - 1,
  2 ** 53,
  8.64e15,
  -1e308,
  'NaN',
  '9999999999999999999999',
  '+275760-09-13T00:00:00.001Z',
  '\ud800',
  JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
  Array.from({ length: 300 }, () => 'x'),
  DEEP,
];

/** The given value with one place changed: replaced by something else, or removed. */
export function changed(value: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(value);
  return fc
    .tuple(fc.constantFrom(...places), fc.oneof(fc.constantFrom(...JUNK), fc.jsonValue()), fc.boolean())
    .map(([place, junk, isTaken]) => withChange(structuredClone(value), place, junk, isTaken));
}

type Place = readonly (string | number)[];

function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, child]) => placesOf(child, [...at, key]));
  return [at, ...inner];
}

function withChange(root: unknown, place: Place, junk: unknown, isTaken: boolean): unknown {
  const last = place.at(-1);
  if (last === undefined) return junk;
  let holder = root as Record<string | number, unknown>;
  for (const key of place.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  if (isTaken) delete holder[last];
  else holder[last] = junk;
  return root;
}
