import { join, resolve } from 'node:path';
import type { Hono } from 'hono';
import { reachedFiles } from './reached-files.ts';

/** Exits with 1 when the installed package in the folder of the argument lacks a file that its page loads. */
const [folder = '.'] = process.argv.slice(2);
const module = await import(join(resolve(folder), 'dist/src/http/admin/page-files.js'));
const app = (module as { pageFiles(): Hono }).pageFiles();
const reached = await reachedFiles((path) => app.request(path));
const lost = [...reached].filter(([, { status }]) => status !== 200).map(([path]) => path);
console.log(`the page loads ${reached.size} files, ${lost.length} of them are not served ${lost.join(' ')}`);
process.exitCode = lost.length === 0 && reached.size > 20 ? 0 : 1;
