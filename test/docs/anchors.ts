import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorOf } from '../../docs/markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The text of a page without its code blocks. @param page its path from the root of the project */
export const textOf = (page: string): string =>
  readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');

/** The anchors of a page, as GitHub numbers those of equal headings. @param page its path from the root of the project */
export function anchorsOf(page: string): string[] {
  const times = new Map<string, number>();
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const slug = anchorOf(heading);
    const n = times.get(slug) ?? 0;
    times.set(slug, n + 1);
    return n === 0 ? slug : `${slug}-${n}`;
  });
}
