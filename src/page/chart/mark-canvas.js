import { colourOf } from '../frame/colour-of.js';

/**
 * @typedef {import('./state-paths.js').Mood} Mood
 *
 * @typedef {object} DrawnMark
 * @property {number} x in the chart's own pixels, as are `y` and the radius
 * @property {number} y
 * @property {number} r
 * @property {number} alpha
 * @property {number | null} overAt since when its job is over, on the clock of animation frames
 * @property {number} jobId 0 where it is not a job
 * @property {string} state
 * @property {Mood} mood
 * @property {string} text of its label
 *
 * @typedef {object} Surface what is drawn on, and what lies around it
 * @property {HTMLCanvasElement} canvas
 * @property {CanvasRenderingContext2D} context
 * @property {HTMLElement} stage holds chart, canvas and label
 * @property {SVGSVGElement} chart
 * @property {HTMLElement} label of the mark under the pointer
 *
 * @typedef {Record<Mood | 'panel' | 'text', string>} Colours
 */

/** Pixels by which a pointer may miss a mark. */
const REACH = 4;

/**
 * A canvas over the chart that shows the same part as the chart, with a label for the mark under the pointer.
 */
export class MarkCanvas {
  #marks;
  #onResize;
  #onChoose;
  /** @type {Surface | null} */
  #surface = null;
  #size = { width: 0, height: 0 };
  /** @type {Colours | null} */
  #colours = null;
  #resizes = new ResizeObserver(([entry]) => entry && this.#resize(entry.contentRect));

  /**
   * @param {{
   *   marks: () => Iterable<DrawnMark>,
   *   onResize: () => void,
   *   onChoose: (mark: DrawnMark) => void,
   * }} options `marks` returns all marks
   */
  constructor({ marks, onResize, onChoose }) {
    this.#marks = marks;
    this.#onResize = onResize;
    this.#onChoose = onChoose;
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colours = null;
      this.#onResize();
    });
  }

  /** @param {HTMLCanvasElement | null} canvas */
  attach(canvas) {
    if (canvas === (this.#surface?.canvas ?? null)) return;
    this.#resizes.disconnect();
    const surface = canvas && surfaceOf(canvas);
    this.#surface = surface;
    if (!canvas || !surface) return;
    // Tests ask where the mark of a job is.
    Object.assign(canvas, { whereIs: (/** @type {number} */ jobId) => this.#whereIs(surface, jobId) });
    this.#resizes.observe(canvas);
    const { stage } = surface;
    stage.addEventListener('click', (event) => this.#click(surface, event), { capture: true });
    stage.addEventListener('pointermove', (event) => this.#point(surface, event));
    stage.addEventListener('pointerleave', () => this.#point(surface, null));
  }

  /** @param {number | null} focus the job whose mark stands out */
  paint(focus) {
    if (!this.#surface) return;
    const { canvas, context } = this.#surface;
    const { scale, left, top } = this.#view(this.#surface);
    const ratio = devicePixelRatio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    this.#colours ??= coloursOf(canvas);
    context.lineWidth = 0.8;
    for (const mark of this.#marks()) {
      const isFocus = focus !== null && mark.jobId === focus;
      context.globalAlpha = focus === null || isFocus ? mark.alpha : mark.alpha * 0.25;
      context.fillStyle = this.#colours[mark.mood];
      context.strokeStyle = isFocus ? this.#colours.text : this.#colours.panel;
      context.beginPath();
      context.arc(mark.x, mark.y, isFocus ? Math.max(mark.r, 5) : mark.r, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  /** @param {{ width: number, height: number }} size */
  #resize({ width, height }) {
    if (!this.#surface) return;
    this.#size = { width, height };
    this.#surface.canvas.width = Math.round(width * devicePixelRatio);
    this.#surface.canvas.height = Math.round(height * devicePixelRatio);
    this.#onResize();
  }

  /** Maps the chart's own pixels to those of the canvas, as SVG fits a viewBox. @param {Surface} surface */
  #view({ chart }) {
    const { width, height } = this.#size;
    const view = chart.viewBox.baseVal;
    const scale = Math.min(width / view.width, height / view.height);
    const left = (width - view.width * scale) / 2 - view.x * scale;
    return { scale, left, top: (height - view.height * scale) / 2 - view.y * scale };
  }

  /** @param {Surface} surface @param {MouseEvent} event */
  #markAt(surface, { clientX, clientY }) {
    const box = surface.canvas.getBoundingClientRect();
    const { scale, left, top } = this.#view(surface);
    const [x, y] = [(clientX - box.left - left) / scale, (clientY - box.top - top) / scale];
    /** @type {DrawnMark | null} */
    let nearest = null;
    let least = Number.POSITIVE_INFINITY;
    for (const mark of this.#marks()) {
      const miss = Math.hypot(mark.x - x, mark.y - y) - mark.r;
      if (miss < least) [nearest, least] = [mark, miss];
    }
    return least * scale <= REACH ? nearest : null;
  }

  /** @param {Surface} surface @param {MouseEvent} event */
  #click(surface, event) {
    const mark = this.#markAt(surface, event);
    if (!mark) return;
    event.stopPropagation();
    this.#onChoose(mark);
  }

  /** @param {Surface} surface @param {PointerEvent | null} event null when the pointer has left */
  #point(surface, event) {
    const { stage, label } = surface;
    const mark = event?.pointerType === 'mouse' ? this.#markAt(surface, event) : null;
    label.hidden = mark === null;
    stage.classList.toggle('on-mark', mark !== null);
    if (mark === null) return;
    const { scale, left, top } = this.#view(surface);
    label.textContent = mark.text;
    const isRight = mark.x * scale + left > this.#size.width / 2;
    label.style.translate = `${mark.x * scale + left + (isRight ? -8 : 8)}px ${mark.y * scale + top + 14}px`;
    label.classList.toggle('leftwards', isRight);
  }

  /** @param {Surface} surface @param {number} jobId */
  #whereIs(surface, jobId) {
    const mark = [...this.#marks()].find((one) => one.jobId === jobId && one.overAt === null);
    if (!mark) return null;
    const box = surface.canvas.getBoundingClientRect();
    const { scale, left, top } = this.#view(surface);
    const { state, r } = mark;
    return { state, x: box.left + left + mark.x * scale, y: box.top + top + mark.y * scale, r: r * scale };
  }
}

/** @param {HTMLCanvasElement} canvas @returns {Surface | null} */
function surfaceOf(canvas) {
  const context = canvas.getContext('2d');
  const stage = canvas.parentElement;
  const chart = stage?.querySelector('svg');
  /** @type {HTMLElement | null | undefined} */
  const label = stage?.querySelector('.mark-label');
  return context && stage && chart && label ? { canvas, context, stage, chart, label } : null;
}

/**
 * The style sheet's colours as a canvas understands them.
 * @param {HTMLCanvasElement} canvas
 * @returns {Colours}
 */
function coloursOf(canvas) {
  /** @param {keyof Colours} name */
  const colour = (name) => colourOf(canvas, name);
  return {
    idle: colour('idle'),
    busy: colour('busy'),
    good: colour('good'),
    warn: colour('warn'),
    bad: colour('bad'),
    panel: colour('panel'),
    text: colour('text'),
  };
}
