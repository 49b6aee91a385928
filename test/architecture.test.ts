import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/**
 * The rooms from the ground floor up. A room imports only from the floors below its own: not from its own
 * floor, not from one above. Imports of types count too.
 */
const FLOORS: string[][] = [
  ['machines', 'src/redact.ts', 'src/steady-clock.ts'],
  ['src/clock.ts', 'src/mac-uptime.ts', 'src/stop.ts', 'src/log.ts', 'src/format.js', 'src/bounds.ts'],
  ['src/errors.ts', 'src/call-trace.ts', 'src/wait-until.ts', 'src/chart'],
  ['src/config', 'src/store', 'src/agent', 'src/guest', 'src/github'],
  ['src/journal'],
  ['src/images'],
  ['src/hosts', 'src/upkeep/bases'],
  ['src/effects', 'src/intake'],
  ['src/jobs'],
  ['src/placement'],
  ['src/dispatch'],
  ['src/upkeep', 'src/evidence', 'src/health'],
  ['src/notices'],
  ['src/http'],
  ['src/controller'],
  ['src/cli'],
  ['src/main.ts'],
];

/**
 * Rooms with their own rules: what runs in the browser, and the simulated world. From `src/http` the page
 * imports types only, those of the API's responses; a test of the page's files fails when the browser loads a
 * file from elsewhere.
 */
const APART: Record<string, string[]> = {
  'src/page': ['src/http', 'src/journal', 'src/format.js', 'machines'],
  'src/simulator': ['src/clock.ts'],
};
const MAY_IMPORT_APART: Record<string, string[]> = { 'src/page': [], 'src/simulator': ['src/cli'] };

const FLAT_FILES = 12;
const LINES = 300;

interface Import {
  from: string;
  to: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js|mjs)$/.test(name))
    .map((name) => join(folder, name));
}

/** Every import specifier, those of types and of `import('…')` in JSDoc included. */
function specifiersOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)].map(([, path = '']) => path);
}

const files = [...sources('machines'), ...sources('src')];
const imports: Import[] = files.flatMap((from) =>
  specifiersOf(from)
    .filter((path) => path.startsWith('.'))
    .map((path) => ({ from, to: relative(ROOT, normalize(join(ROOT, dirname(from), path))) })),
);

const ROOMS = [...FLOORS.flat(), ...Object.keys(APART)];

const roomOf = (file: string): string =>
  ROOMS.filter((room) => file === room || file.startsWith(`${room}/`)).sort(
    (a, b) => b.length - a.length,
  )[0] ?? '';

const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room));

function isAllowed({ from, to }: Import): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === other) return true;
  if (APART[room]) return APART[room].includes(other);
  if (APART[other]) return MAY_IMPORT_APART[other]?.includes(room) ?? false;
  return floorOf(other) < floorOf(room);
}

test('every source file belongs to a room', () => {
  expect(files.filter((file) => roomOf(file) === '')).toEqual([]);
});

test('a room imports only from rooms below it, types included', () => {
  const wrong = imports.filter((one) => !isAllowed(one));
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test('the machines import only xstate and each other', () => {
  const foreign = sources('machines').flatMap((file) =>
    specifiersOf(file)
      .filter((path) => !path.startsWith('.') && path !== 'xstate')
      .map((path) => `${file} → ${path}`),
  );
  expect(foreign).toEqual([]);
});

test('there is no import cycle, types included', () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, trail: string[]) => {
    if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (done.has(file) || trail.includes(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test('a folder holds at most 12 source files', () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > FLAT_FILES)).toEqual([]);
});

test('no file is longer than 300 lines, tests too, and none exports another file again', () => {
  const isLong = (file: string) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > LINES + 1;
  const long = [...files, ...sources('test')].filter(isLong);
  const barrels = files.filter((file) =>
    /^export (\*|\{[^}]*\}) from /m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect({ long, barrels }).toEqual({ long: [], barrels: [] });
});
