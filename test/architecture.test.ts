import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/**
 * Who may import whom: each folder names the folders that it may reach. Data flows one way, and the adapters
 * (agent, github, guest, store) know nothing of each other.
 */
const ALLOWED: Record<string, string[]> = {
  machines: [],
  'src/clock.ts': [],
  'src/call-trace.ts': ['src/clock.ts'],
  'src/errors.ts': ['machines'],
  'src/chart': ['machines'],
  'src/page': [],
  'src/log.ts': [],
  'src/config': ['src/clock.ts', 'src/errors.ts'],
  'src/agent': ['machines', 'src/call-trace.ts', 'src/clock.ts', 'src/errors.ts', 'src/log.ts'],
  'src/guest': ['machines', 'src/call-trace.ts', 'src/clock.ts', 'src/errors.ts', 'src/log.ts'],
  'src/github': [
    'machines',
    'src/call-trace.ts',
    'src/clock.ts',
    'src/errors.ts',
    'src/log.ts',
    'machines/job/observation.ts',
  ],
  'src/store': ['machines', 'src/clock.ts', 'src/errors.ts', 'src/log.ts', 'machines/job/observation.ts'],
  'src/intake': ['machines', 'src/clock.ts', 'src/errors.ts', 'src/log.ts', 'src/github'],
  'src/effects': [
    'machines',
    'src/agent',
    'src/call-trace.ts',
    'src/clock.ts',
    'src/errors.ts',
    'src/github',
    'src/guest',
    'machines/job/observation.ts',
  ],
  'src/dispatch': [
    'machines',
    'src/agent',
    'src/clock.ts',
    'src/effects',
    'src/errors.ts',
    'src/github',
    'machines/job/observation.ts',
    'src/store',
  ],
  'src/http': [
    'machines',
    'src/chart',
    'src/clock.ts',
    'src/config',
    'src/dispatch',
    'src/intake',
    'src/journal/world.js',
    'src/store',
  ],
  'src/controller': [
    'machines',
    'src/agent',
    'src/call-trace.ts',
    'src/clock.ts',
    'src/config',
    'src/dispatch',
    'src/effects',
    'src/errors.ts',
    'src/github',
    'src/guest',
    'src/http',
    'src/intake',
    'src/log.ts',
    'src/journal/world.js',
    'src/store',
  ],
  'src/simulator': ['src/clock.ts'],
  'src/cli': ['src', 'machines'],
  'src/main.ts': ['src/cli'],
};

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): { path: string; typeOnly: boolean }[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)( type)?[^'"]*?from '([^']+)'|import\('([^']+)'\)/gm)].map(
    (match) => ({ path: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined }),
  );
}

const files = [...sources('machines'), ...sources('src')];
const imports: Import[] = files.flatMap((from) =>
  importsOf(from)
    .filter(({ path }) => path.startsWith('.'))
    .map(({ path, typeOnly }) => ({
      from,
      to: relative(ROOT, normalize(join(ROOT, dirname(from), path))),
      typeOnly,
    })),
);

const folderOf = (file: string) =>
  Object.keys(ALLOWED)
    .filter((folder) => file === folder || file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];

test('every source file belongs to a folder whose reach is stated', () => {
  expect(files.filter((file) => folderOf(file) === undefined)).toEqual([]);
});

test('imports go in the stated direction only', () => {
  const wrong = imports.filter(({ from, to }) => {
    const home = folderOf(from) ?? '';
    const reach = [home, ...(ALLOWED[home] ?? [])];
    return !reach.some((allowed) => to === allowed || to.startsWith(`${allowed}/`));
  });
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test('the machines import xstate and each other, and nothing else', () => {
  const foreign = sources('machines').flatMap((file) =>
    importsOf(file)
      .filter(({ path }) => !path.startsWith('.') && path !== 'xstate')
      .map(({ path }) => `${file} → ${path}`),
  );
  expect(foreign).toEqual([]);
});

test('no file imports itself by way of others', () => {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: string[]) => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (done.has(file) || trail.includes(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test('no source file is longer than 300 lines, none only passes others on', () => {
  const long = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 300);
  const barrels = files.filter((file) =>
    /^export (\*|\{[^}]*\}) from /m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect({ long, barrels }).toEqual({ long: [], barrels: [] });
});
