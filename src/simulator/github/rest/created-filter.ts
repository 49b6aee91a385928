/**
 * The `created` filter of runs, in GitHub's search syntax: an instant or a day, `>`, `>=`, `<`, `<=` before one, or
 * two with `..` between, of which one may be `*`. What cannot be read filters nothing.
 */
export function createdFilter(text: string | null): (createdAt: number) => boolean {
  if (text === null) return () => true;
  const [from, to] = text.split('..');
  if (to !== undefined) {
    const [least, most] = [start(from ?? '*'), end(to)];
    return (at) => !(at < least) && !(at > most);
  }
  const [, operator, value = ''] = /^(>=|<=|>|<)?(.*)$/.exec(text) ?? [];
  switch (operator) {
    case '>=':
      return (at) => !(at < start(value));
    case '>':
      return (at) => !(at <= end(value));
    case '<=':
      return (at) => !(at > end(value));
    case '<':
      return (at) => !(at >= start(value));
    default:
      return (at) => !(at < start(value)) && !(at > end(value));
  }
}

const DAY_MS = 24 * 3_600_000;
const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text);

const start = (text: string) => Date.parse(text);
const end = (text: string) => Date.parse(text) + (isDay(text) ? DAY_MS - 1 : 999);
