import { areaOf, focusPart, nextPart, partOf } from './chart-keys.js';

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {import('./chart-keys.js').Area} Area
 */

/** Below this scale texts of 13 pixels are smaller than 11. */
const READABLE = 0.85;
const LARGEST = 2.5;
/** Below this scale only the names of the top states are shown, in large letters. */
const FAR = 0.4;
/** Pixels of the chart that stay visible around what is revealed. */
const MARGIN = 24;
/** Pixels that a pointer may move in a click. */
const CLICK = 4;

/**
 * Zoom and pan of the chart by its viewBox. A chart that cannot be read as a whole begins at 100 %, where its first
 * state is. Wheel with Ctrl or ⌘ zooms (a plain one scrolls the page, a sideways one the chart), drag or two fingers,
 * the keys + − 0 1, Shift with the arrows to pan, and the arrows to move the focus. Does nothing without a chart.
 */
export class PanZoom {
  /** @type {SVGSVGElement | null} */
  #svg = null;
  /** Screen pixels for each of the chart's own. */
  #scale = 1;
  /** In the middle of the view, in the chart's own pixels. @type {Point} */
  #centre = { x: 0, y: 0 };
  #shown = '';
  #revealed = '';
  /** @type {Map<number, Point>} */
  #pointers = new Map();
  #dragged = 0;
  #onView;
  #resizes = new ResizeObserver(() => this.#resized());

  /** @param {() => void} onView called when another part of the chart is shown */
  constructor(onView) {
    this.#onView = onView;
  }

  /** Called after each drawing of the page: shows the beginning of a new chart, and follows the job that is shown. @param {SVGSVGElement | null} svg */
  attach(svg) {
    if (svg !== this.#svg) {
      this.#resizes.disconnect();
      this.#svg = svg;
      this.#shown = '';
      if (svg) this.#listen(svg);
    }
    if (!svg) return;
    const { chart, width, height, reveal = '' } = svg.dataset;
    const shown = `${chart} ${width} ${height}`;
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#revealed = '';
      svg.style.maxHeight = `${Math.ceil(Number(height))}px`;
      this.#begin(svg);
    }
    if (reveal !== this.#revealed) {
      this.#revealed = reveal;
      const box = reveal ? svg.querySelector(`.box[data-path="${CSS.escape(reveal)}"]`) : null;
      if (box) this.#reveal(areaOf(/** @type {SVGGElement} */ (box)));
    }
  }

  /** @param {SVGSVGElement} svg */
  #listen(svg) {
    this.#resizes.observe(svg);
    svg.addEventListener('wheel', (event) => this.#wheel(svg, event), { passive: false });
    svg.addEventListener('pointerdown', (event) => {
      this.#dragged = 0;
      this.#pointers.set(event.pointerId, screenPoint(event));
    });
    svg.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of /** @type {const} */ (['pointerup', 'pointercancel', 'pointerleave'])) {
      svg.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
    svg.addEventListener('click', (event) => this.#dragged > CLICK && event.stopPropagation(), {
      capture: true,
    });
    svg.addEventListener('focusin', ({ target }) => {
      const part = target instanceof Element ? partOf(target) : null;
      if (part?.matches(':focus-visible')) this.#reveal(areaOf(part));
    });
  }

  get #whole() {
    const { width, height } = this.#svg?.dataset ?? {};
    return { width: Number(width), height: Number(height) };
  }

  get #size() {
    return { width: this.#svg?.clientWidth || 1, height: this.#svg?.clientHeight || 1 };
  }

  /** The scale at which the whole chart is visible. */
  get #fitting() {
    return Math.min(1, this.#size.width / this.#whole.width, this.#size.height / this.#whole.height);
  }

  /** @param {SVGSVGElement} svg */
  #begin(svg) {
    const fitting = this.#fitting;
    this.#scale = fitting >= READABLE ? fitting : 1;
    /** @type {SVGGElement | null} */
    const first = svg.querySelector('.box');
    const { x, y, width, height } = first ? areaOf(first) : { x: 0, y: 0, width: 0, height: 0 };
    this.#show({ x: x + width / 2, y: y + height / 2 });
  }

  #resized() {
    this.#scale = Math.max(this.#fitting, this.#scale);
    this.#show(this.#centre);
  }

  /**
   * @param {number} factor above 1 shows less, larger
   * @param {Point} [point] that stays where it is, in the chart's own pixels; the middle without one
   */
  zoom(factor, point = this.#centre) {
    const before = this.#scale;
    this.#scale = Math.min(LARGEST, Math.max(this.#fitting, before * factor));
    const ratio = before / this.#scale;
    const { x, y } = this.#centre;
    this.#show({ x: point.x + (x - point.x) * ratio, y: point.y + (y - point.y) * ratio });
  }

  /** Shows the whole chart. */
  fit() {
    this.zoom(0);
  }

  /** Shows the chart at 100 %. */
  full() {
    this.zoom(1 / this.#scale);
  }

  /** Returns whether the key was one of its own. @param {KeyboardEvent} event */
  key({ key, target, shiftKey }) {
    const svg = this.#svg;
    if (!svg) return false;
    const part = target instanceof Element && svg.contains(target) ? partOf(target) : null;
    if (key === '+' || key === '=') this.zoom(1.3);
    else if (key === '-') this.zoom(1 / 1.3);
    else if (key === '0') this.fit();
    else if (key === '1') this.full();
    else if (part && key.startsWith('Arrow')) {
      if (shiftKey) this.#pan(key);
      else {
        const next = nextPart(svg, part, key);
        if (next) focusPart(svg, next);
      }
    } else return false;
    return true;
  }

  /** @param {string} key */
  #pan(key) {
    const step = this.#size.width / this.#scale / 6;
    const dx = key === 'ArrowLeft' ? -step : key === 'ArrowRight' ? step : 0;
    const dy = key === 'ArrowUp' ? -step : key === 'ArrowDown' ? step : 0;
    this.#show({ x: this.#centre.x + dx, y: this.#centre.y + dy });
  }

  /** Moves to an area that is not in view; of one that is too large, to its upper left corner. @param {Area} area */
  #reveal({ x, y, width, height }) {
    const [wide, high] = [this.#size.width / this.#scale, this.#size.height / this.#scale];
    const { x: cx, y: cy } = this.#centre;
    /** @param {number} centre @param {number} view @param {number} from @param {number} length */
    const moved = (centre, view, from, length) => {
      const isInside = from >= centre - view / 2 && from + length <= centre + view / 2;
      if (isInside) return centre;
      return length > view - 2 * MARGIN ? from + view / 2 - MARGIN : from + length / 2;
    };
    this.#show({ x: moved(cx, wide, x, width), y: moved(cy, high, y, height) });
  }

  /** @param {Point} centre */
  #show(centre) {
    if (!this.#svg) return;
    const [whole, size] = [this.#whole, this.#size];
    const [width, height] = [size.width / this.#scale, size.height / this.#scale];
    /** @param {number} at @param {number} view @param {number} all */
    const kept = (at, view, all) =>
      view >= all ? all / 2 : Math.max(view / 2, Math.min(all - view / 2, at));
    const [x, y] = [kept(centre.x, width, whole.width), kept(centre.y, height, whole.height)];
    this.#centre = { x, y };
    this.#svg.setAttribute('viewBox', `${x - width / 2} ${y - height / 2} ${width} ${height}`);
    // The page sets the classes with each drawing; these would be lost.
    this.#svg.toggleAttribute('data-part', this.#isPart);
    this.#svg.toggleAttribute('data-far', this.#scale < FAR);
    this.#onView();
  }

  /** Whether only a part of the chart is in view. */
  get #isPart() {
    const [whole, size] = [this.#whole, this.#size];
    return whole.width * this.#scale > size.width + 1 || whole.height * this.#scale > size.height + 1;
  }

  /** @param {SVGSVGElement} svg @param {WheelEvent} event */
  #wheel(svg, event) {
    if (event.ctrlKey || event.metaKey) {
      const matrix = svg.getScreenCTM();
      if (!matrix) return;
      const { x, y } = screenPoint(event);
      this.zoom(Math.exp(-event.deltaY / 300), {
        x: (x - matrix.e) / matrix.a,
        y: (y - matrix.f) / matrix.d,
      });
    } else {
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (!this.#isPart || (!event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY))) return;
      this.#show({ x: this.#centre.x + sideways / this.#scale, y: this.#centre.y });
    }
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = screenPoint(event);
    const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.#dragged += distance(now, before);
    if (other) this.zoom(distance(now, other) / (distance(before, other) || 1));
    else if (this.#isPart) {
      const { x, y } = this.#centre;
      this.#show({ x: x - (now.x - before.x) / this.#scale, y: y - (now.y - before.y) / this.#scale });
    }
    this.#pointers.set(event.pointerId, now);
  }
}

/** @param {MouseEvent} event @returns {Point} */
const screenPoint = ({ clientX, clientY }) => ({ x: clientX, y: clientY });

/** @param {Point} a @param {Point} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
