import { apiUrl } from '../github-base.ts';
import type { RestRequest } from './request.ts';

const DEFAULT_PAGE_SIZE = 30;
const MAX_PAGE_SIZE = 100;

/** Returns one page of a list, with the `Link` header that leads to the others. */
export function pageOf<T>(
  request: RestRequest,
  items: readonly T[],
): { items: T[]; headers: Record<string, string> } {
  const size = pageSize(request);
  const page = positive(request.query.get('page')) ?? 1;
  const last = Math.max(1, Math.ceil(items.length / size));
  const relations: [string, number][] = [
    ...(page > 1 ? ([['prev', page - 1]] as [string, number][]) : []),
    ...(page < last
      ? ([
          ['next', page + 1],
          ['last', last],
        ] as [string, number][])
      : []),
    ...(page > 1 ? ([['first', 1]] as [string, number][]) : []),
  ];
  const links = relations.map(([name, number]) => link(request, name, { page: String(number) }));
  return {
    items: items.slice((page - 1) * size, page * size),
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  };
}

/** Returns a page of a list that continues after a cursor, which contains the id of the last entry seen. */
export function cursorPageOf<T extends { id: bigint }>(
  request: RestRequest,
  items: readonly T[],
): { items: T[]; headers: Record<string, string> } {
  const size = pageSize(request);
  const given = /^v1_(\d+)$/.exec(request.query.get('cursor') ?? '')?.[1];
  const cursor = given === undefined ? null : BigInt(given);
  const start = cursor === null ? 0 : items.findIndex(({ id }) => id < cursor);
  const page = start < 0 ? [] : items.slice(start, start + size);
  const isLast = start < 0 || start + size >= items.length;
  const next = page.at(-1);
  return {
    items: page,
    headers: isLast || !next ? {} : { link: link(request, 'next', { cursor: `v1_${next.id}` }) },
  };
}

function pageSize(request: RestRequest): number {
  return Math.min(positive(request.query.get('per_page')) ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

function positive(text: string | null): number | null {
  const value = Number(text ?? Number.NaN);
  return Number.isInteger(value) && value > 0 ? value : null;
}

function link(request: RestRequest, name: string, change: Record<string, string>): string {
  const query = new URLSearchParams(request.query);
  for (const [key, value] of Object.entries(change)) query.set(key, value);
  return `<${apiUrl(request.world)}${request.path}?${query}>; rel="${name}"`;
}
