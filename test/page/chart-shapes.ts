/// <reference lib="dom" />

interface Shape {
  left: number;
  top: number;
  right: number;
  bottom: number;
  name: string;
}

interface Measured {
  boxes: { path: string; shape: Shape; texts: Shape[] }[];
  /** The names on arrows. */
  names: Shape[];
  /** The straight parts of arrows. */
  lines: Shape[];
  /** The height of letters, in pixels. */
  letters: { name: string; size: number }[];
}

/** Where everything in the page's chart is, in pixels of the screen. Runs in the browser. */
export function measureChart(): Measured {
  const chart = document.getElementById('chart') as HTMLElement;
  const shapeOf = (element: Element, name: string) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom, name };
  };
  const named = (part: Element, name: string) =>
    [...part.querySelectorAll('text')]
      .filter((text) => text.textContent)
      .map((text) => shapeOf(text, `"${text.textContent}" of ${name}`));
  const boxes = [...chart.querySelectorAll<HTMLElement>('.box')].map((box) => {
    const path = box.dataset.path ?? '';
    return { path, shape: shapeOf(box.querySelector('rect') as Element, path), texts: named(box, path) };
  });
  const ways = [...chart.querySelectorAll<HTMLElement>('.way')];
  const lines = ways.flatMap((way) => {
    const path = way.querySelector('.arrow') as SVGPathElement;
    const matrix = path.getScreenCTM() as DOMMatrix;
    const corners = [...(path.getAttribute('d') ?? '').matchAll(/[ML]([-\d.]+) ([-\d.]+)/g)].map(([, x, y]) =>
      new DOMPoint(Number(x), Number(y)).matrixTransform(matrix),
    );
    return corners.slice(1).map((to, index) => {
      const from = corners[index] as DOMPoint;
      return {
        ...{ left: Math.min(from.x, to.x), right: Math.max(from.x, to.x), name: way.dataset.way ?? '' },
        ...{ top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) },
      };
    });
  });
  const letters = [...chart.querySelectorAll('text')].map((text) => ({
    name: `"${text.textContent}"`,
    size: Number.parseFloat(getComputedStyle(text).fontSize) * (text.getScreenCTM() as DOMMatrix).a,
  }));
  return { boxes, names: ways.flatMap((way) => named(way, way.dataset.way ?? '')), lines, letters };
}

/** Pixels above and below the letters that belong to a text's box. */
const LEADING = 2;
const LEAST_LETTERS = 11;

/**
 * What is wrong with a chart, in words: boxes that overlap, texts that overlap each other, a box or an arrow, that
 * leave their box or lie on a border, and letters below 11 pixels.
 */
export function faultsOf({ boxes, names, lines, letters }: Measured): string[] {
  const faults: string[] = [];
  const check = (isWrong: boolean, words: string) => isWrong && faults.push(words);
  const leaves = boxes.filter(({ path }) => !boxes.some((other) => isIn(other.path, path)));
  const texts = [...boxes.flatMap((box) => box.texts), ...names];
  for (const [a, b] of pairs(boxes)) {
    if (isIn(a.path, b.path)) check(!within(a.shape, b.shape), `${a.path} is not within ${b.path}`);
    else if (isIn(b.path, a.path)) check(!within(b.shape, a.shape), `${b.path} is not within ${a.path}`);
    else check(overlap(a.shape, b.shape), `${a.path} overlaps ${b.path}`);
  }
  for (const { path, shape, texts: own } of boxes) {
    for (const text of own) check(!within(text, shape), `${text.name} leaves its box`);
    for (const text of texts) {
      const isOnBorder = overlap(text, shape) && !within(text, shape);
      check(isOnBorder, `${text.name} is on the border of ${path}`);
    }
  }
  for (const { path, shape, texts: own } of leaves) {
    for (const text of texts)
      check(!own.includes(text) && overlap(text, shape), `${text.name} is over ${path}`);
    for (const line of lines) check(overlap(line, shape, 0.6), `the arrow ${line.name} crosses ${path}`);
  }
  for (const [a, b] of pairs(texts))
    check(overlap(letterBox(a), letterBox(b)), `${a.name} overlaps ${b.name}`);
  for (const text of texts) {
    for (const line of lines)
      check(overlap(letterBox(text), line, -0.3), `the arrow ${line.name} crosses ${text.name}`);
  }
  // The browser rounds the size of the chart to whole pixels, which makes the scale a little less than 1.
  for (const { name, size } of letters)
    check(size < LEAST_LETTERS - 0.05, `${name} has letters of ${size} pixels`);
  return faults;
}

const isIn = (path: string, outer: string) => path.startsWith(`${outer}.`);

const letterBox = (text: Shape): Shape => ({
  ...text,
  top: text.top + LEADING,
  bottom: text.bottom - LEADING,
});

const overlap = (a: Shape, b: Shape, slack = 0.1) =>
  a.left < b.right - slack &&
  b.left < a.right - slack &&
  a.top < b.bottom - slack &&
  b.top < a.bottom - slack;

const within = (a: Shape, b: Shape) =>
  a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;

function pairs<T>(list: T[]): [T, T][] {
  return list.flatMap((a, index) => list.slice(index + 1).map((b): [T, T] => [a, b]));
}
