import { readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createAdminApp } from '../../src/http/admin/admin-app.ts';
import { reachedFiles } from './reached-files.ts';

const PAGE = join(import.meta.dirname, '../../src/page');

const app = createAdminApp({
  source: { recording: {} } as never,
  tokens: () => ({ token: 's3cret' }),
  clock: {} as never,
});
const reached = await reachedFiles((path) => app.request(path));

test('every file that the page loads is served, and needs no token', () => {
  expect(reached.size).toBeGreaterThan(20);
  expect([...reached].filter(([, { status }]) => status !== 200).map(([path]) => path)).toEqual([]);
});

test('the page has no file that it does not load', () => {
  const files = readdirSync(PAGE, { recursive: true, encoding: 'utf8' })
    .filter((name) => ['.js', '.css', '.svg'].includes(extname(name)))
    .map((name) => (name === 'favicon.svg' ? '/favicon.svg' : `/page/${name}`));
  expect(files.filter((path) => !reached.has(path))).toEqual([]);
});

test('a file that the browser has in its cache is not sent again', async () => {
  for (const path of ['/page/app.js', '/format.js', '/lib/lit-html/lit-html.js']) {
    const etag = reached.get(path)?.headers.get('etag') ?? '';
    expect((await app.request(path, { headers: { 'if-none-match': etag } })).status, path).toBe(304);
  }
});

test.each([
  '/page/..%2fmain.ts',
  '/page/..%2f..%2fpackage.json',
  '/page/chart%2f..%2f..%2fformat.js',
  '/page/.%2fapp.js',
  '/page//app.js',
  '/page/%00app.js',
  '/page/',
  '/page/tsconfig.json',
  '/journal/journal-writer.js',
  '/lib/lit-html/package.json',
  '/lib/lit-html/..%2fpackage.json',
])('no other file is served: %s', async (path) => {
  const answer = await app.request(path, { headers: { authorization: 'Bearer s3cret' } });
  expect(answer.status).toBe(404);
});
