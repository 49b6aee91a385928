import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, textOf } from './anchors.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))].filter(
  (name) => name.endsWith('.md'),
);

test.for(PAGES)('every link of %s within the project leads to a file and a heading that exist', (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const broken = links
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
  expect(broken).toEqual([]);
});

test('every page can be reached from the README by links', () => {
  const seen = new Set(['README.md']);
  for (const page of seen) {
    for (const [, target = ''] of textOf(page).matchAll(/\]\(([^)#\s]+\.md)/g)) {
      const file = relative(ROOT, join(ROOT, dirname(page), target));
      if (PAGES.includes(file)) seen.add(file);
    }
  }
  expect([...seen].sort()).toEqual([...PAGES].sort());
});
