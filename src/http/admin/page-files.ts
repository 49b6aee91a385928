import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { Hono } from 'hono';
import { etag } from 'hono/etag';

const SRC = join(import.meta.dirname, '../..');
const PAGE = join(SRC, 'page');
const { resolve } = createRequire(import.meta.url);
const LIT = dirname(resolve('lit-html'));
/** By address; its own names are not plain. */
const UPLOT: Record<string, string> = {
  '/lib/uplot/uplot.js': 'uPlot.esm.js',
  '/lib/uplot/uplot.css': 'uPlot.min.css',
};

/**
 * Modules that the page shares with the daemon. They are served outside the page's folder, as in the sources,
 * since their imports are relative.
 */
const SHARED = [
  '/format.js',
  '/journal/attention/attention.js',
  '/journal/attention/breaker-words.js',
  '/journal/attention/job-items.js',
  '/journal/facts/takes-jobs.js',
  '/journal/outcome.js',
  '/journal/overview.js',
  '/journal/pipeline.js',
  '/journal/story/around.js',
  '/journal/story/attempts.js',
  '/journal/story/contexts.js',
  '/journal/story/doing.js',
  '/journal/story/entry-words.js',
  '/journal/story/origin.js',
  '/journal/story/verdict.js',
  '/journal/story/waits.js',
  '/journal/story/who-acts.js',
  '/journal/trouble.js',
  '/journal/usage/usage-by.js',
  '/journal/usage/usage-words.js',
  '/journal/words/hold-words.js',
  '/journal/words/order-words.js',
  '/journal/words/proof-words.js',
];
const ADDRESSES = ['/', '/favicon.svg', ...SHARED, ...Object.keys(UPLOT)];
const FOLDERS = ['/page/', '/lib/lit-html/'];

/** Names of letters, digits and dashes, in folders of such names: no such path leaves the served folder. */
const PLAIN = /^([a-z][a-z0-9-]*\/)*[a-z][a-z0-9-]*\.[a-z]+$/;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Nothing is loaded from elsewhere and no script is inline, so text from GitHub or a guest cannot run as a
 * script.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Whether an address is one of the page's own files, which contain nothing about jobs or hosts. */
export function isPageFile(path: string): boolean {
  return ADDRESSES.includes(path) || FOLDERS.some((folder) => path.startsWith(folder));
}

/** The visualizer's files as they are in the sources: there is no build step. */
export function pageFiles(): Hono {
  const app = new Hono();
  app.use(etag());
  app.use(async (c, next) => {
    await next();
    c.header('content-security-policy', POLICY);
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header('cache-control', 'no-cache');
  });
  const read = async (path: string) => {
    const type = TYPES[extname(path)];
    const body = type ? await readFile(path).catch(() => null) : null;
    return body && type ? new Response(new Uint8Array(body), { headers: { 'content-type': type } }) : null;
  };
  const send = async (folder: string, name: string) =>
    (PLAIN.test(name) && (await read(join(folder, name)))) ||
    new Response(`There is no file ${name}.`, { status: 404 });
  app.get('/', () => send(PAGE, 'index.html'));
  app.get('/favicon.svg', () => send(PAGE, 'favicon.svg'));
  app.get('/page/:name{.+}', (c) => send(PAGE, c.req.param('name')));
  app.get('/lib/lit-html/:name{.+}', (c) => send(LIT, c.req.param('name')));
  for (const [path, name] of Object.entries(UPLOT))
    app.get(path, async (c) => (await read(join(dirname(resolve('uplot')), name))) ?? c.notFound());
  for (const path of SHARED) app.get(path, () => send(SRC, path.slice(1)));
  return app;
}
