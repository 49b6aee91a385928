import { extname } from 'node:path';

type Request = (path: string) => Response | Promise<Response>;

const LINKS: Record<string, RegExp> = {
  '.html': /\b(?:href|src)="(\/[^"]+)"/g,
  // A library may be loaded later; `import('./…')` of another file is a type.
  '.js': /^(?:import|export)\b[^;]*?'([./][^']*)';|\bimport\('(\/lib\/[^']*)'\)/gm,
};

/**
 * Every path that the page loads, starting at `/`: paths that a file names, modules that it imports, and so
 * on.
 */
export async function reachedFiles(request: Request): Promise<Map<string, Response>> {
  const reached = new Map<string, Response>();
  const open = ['/'];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    const response = await request(path);
    reached.set(path, response);
    const text = await response.clone().text();
    for (const [, now, later] of text.matchAll(LINKS[extname(path) || '.html'] ?? /$^/g)) {
      open.push(new URL(now ?? later ?? '', `http://page${path}`).pathname);
    }
  }
  return reached;
}
