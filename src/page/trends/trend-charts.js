import { counted, span } from '../../format.js';
import { blameWord, outcomeWord } from '../../journal/outcome.js';

/**
 * What the charts of the trends show, and what they say in a sentence.
 *
 * @typedef {import('./trend-loader.js').Trends} Trends
 * @typedef {Trends['points'][number]} Point
 *
 * @typedef {object} Line
 * @property {string} label
 * @property {string} colour of the style sheet
 * @property {(point: Point) => number | null} of null where nothing is known
 * @property {boolean} [isFilled]
 * @property {boolean} [isDashed]
 *
 * @typedef {object} TrendChart
 * @property {string} id
 * @property {string} title
 * @property {'lines' | 'bars'} kind bars are stacked
 * @property {'count' | 'time'} unit of its values; a time is in milliseconds
 * @property {Line[]} lines
 * @property {(whole: Point) => string} sentence of the whole range
 */

/** A count as people read it. @param {number} value */
const number = (value) => String(Math.round(value * 10) / 10);

/** Returns a value of a chart in words. @param {TrendChart['unit']} unit @param {number} value */
export const valueWords = (unit, value) => (unit === 'time' ? span(value) : number(value));

/** @param {Record<string, number>} counts */
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);

/** In the order of the bars. @type {(keyof Point['failures'])[]} */
export const BLAMES = ['us', 'host', 'image', 'github', 'job', 'operator'];

/** @type {[outcome: keyof Point['ended'], colour: string][]} */
export const OUTCOMES = [
  ['succeeded', 'good'],
  ['failed', 'warn'],
  ['lost', 'bad'],
  ['cancelled', 'idle'],
];

/** @type {TrendChart[]} */
export const CHARTS = [
  {
    id: 'queue',
    title: 'Queue',
    kind: 'lines',
    unit: 'count',
    lines: [
      { label: 'Most', colour: 'busy', of: ({ queue }) => queue?.most ?? null, isFilled: true },
      { label: 'Average', colour: 'text', of: ({ queue }) => queue?.mean ?? null },
    ],
    sentence: ({ queue }) =>
      queue?.most
        ? `${counted(queue.most, 'job')} waited at most at once, ${number(queue.mean)} on average.`
        : 'No job had to wait.',
  },
  {
    id: 'slots',
    title: 'Slots',
    kind: 'lines',
    unit: 'count',
    lines: [
      { label: 'In use, most', colour: 'busy', of: ({ slots }) => slots?.most ?? null, isFilled: true },
      { label: 'In use, average', colour: 'text', of: ({ slots }) => slots?.mean ?? null },
      { label: 'Available', colour: 'good', of: ({ capacity }) => capacity?.most ?? null, isDashed: true },
    ],
    sentence: ({ slots, capacity }) =>
      `${number(slots?.mean ?? 0)} of ${number(capacity?.mean ?? 0)} slots were in use on average, at most ${slots?.most ?? 0}.`,
  },
  {
    id: 'waits',
    title: 'Wait until a job starts',
    kind: 'lines',
    unit: 'time',
    lines: [
      { label: 'p95', colour: 'warn', of: ({ waits }) => (waits.count > 0 ? waits.p95 : null) },
      {
        label: 'Median',
        colour: 'busy',
        of: ({ waits }) => (waits.count > 0 ? waits.median : null),
        isFilled: true,
      },
    ],
    sentence: ({ waits: { count, median, p95 } }) =>
      count === 0
        ? 'No job started.'
        : `${counted(count, 'job')} started, after a median of ${span(median)} and a p95 of ${span(p95)}.`,
  },
  {
    id: 'ended',
    title: 'Jobs that ended',
    kind: 'bars',
    unit: 'count',
    lines: OUTCOMES.map(([outcome, colour]) => ({
      label: outcomeWord(outcome),
      colour,
      of: ({ ended }) => ended[outcome] ?? 0,
    })),
    sentence: ({ ended }) => {
      const told = OUTCOMES.filter(([outcome]) => ended[outcome]).map(
        ([outcome]) => `${ended[outcome]} ${outcomeWord(outcome)}`,
      );
      return told.length === 0 ? 'No job ended.' : `${counted(sum(ended), 'job')} ended: ${told.join(', ')}.`;
    },
  },
  {
    id: 'failures',
    title: 'Failures, by whose fault',
    kind: 'bars',
    unit: 'count',
    lines: BLAMES.map((blame) => ({
      label: blameWord(blame),
      colour: `blame-${blame}`,
      of: ({ failures }) => failures[blame] ?? 0,
    })),
    sentence: ({ failures }) =>
      sum(failures) === 0
        ? 'Nothing failed.'
        : `${counted(sum(failures), 'attempt or job', 'attempts or jobs')} failed.`,
  },
];
