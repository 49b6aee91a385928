import fc from 'fast-check';

// The same cases each time, unless FUZZ_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

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
];

/** A value that is nearly the given one: one place of it is replaced by something else, or taken away. */
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
