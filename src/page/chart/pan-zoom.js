/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ x: number, y: number, width: number, height: number }} View in the chart's own pixels
 */

/**
 * Zoom and pan of the chart by its viewBox: wheel with Ctrl or ⌘ (a plain wheel scrolls the page), drag, two fingers,
 * the keys + − 0 and, zoomed in, the arrows. Does nothing while there is no chart.
 */
export class PanZoom {
  /** @type {SVGSVGElement | null} */
  #svg = null;
  /** Null while the whole chart is shown. @type {View | null} */
  #view = null;
  /** @type {Map<number, Point>} */
  #pointers = new Map();
  #onView;

  /** @param {() => void} onView called when another part of the chart is shown */
  constructor(onView) {
    this.#onView = onView;
  }

  /** A new chart starts unzoomed. @param {SVGSVGElement | null} svg */
  attach(svg) {
    if (svg === this.#svg) return;
    this.#svg = svg;
    this.#view = null;
    if (!svg) return;
    svg.addEventListener('wheel', (event) => this.#wheel(svg, event), { passive: false });
    svg.addEventListener('pointerdown', (event) => this.#pointers.set(event.pointerId, screenPoint(event)));
    svg.addEventListener('pointermove', (event) => this.#move(svg, event));
    for (const end of /** @type {const} */ (['pointerup', 'pointercancel', 'pointerleave'])) {
      svg.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
  }

  /** @returns {View} */
  get #whole() {
    const { width, height } = this.#svg?.dataset ?? {};
    return { x: 0, y: 0, width: Number(width), height: Number(height) };
  }

  /**
   * @param {number} factor above 1 shows less, larger
   * @param {Point} [point] that stays where it is, in the chart's own pixels; the middle without one
   */
  zoom(factor, point) {
    const whole = this.#whole;
    const view = this.#view ?? whole;
    const width = Math.min(whole.width, Math.max(whole.width / 8, view.width / factor));
    const height = width * (whole.height / whole.width);
    const at = point ?? { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    this.#show({
      x: at.x - ((at.x - view.x) * width) / view.width,
      y: at.y - ((at.y - view.y) * height) / view.height,
      width,
      height,
    });
  }

  fit() {
    this.#show(this.#whole);
  }

  /** Returns whether the key was one of its own. @param {KeyboardEvent} event */
  key({ key, target }) {
    if (!this.#svg) return false;
    const view = this.#view ?? this.#whole;
    const isOnChart = target instanceof Element && target.closest('#chart') !== null;
    const step = view.width / 8;
    if (key === '+' || key === '=') this.zoom(1.3);
    else if (key === '-') this.zoom(1 / 1.3);
    else if (key === '0') this.fit();
    else if (isZoomed(view, this.#whole) && isOnChart && key.startsWith('Arrow')) {
      const dx = key === 'ArrowLeft' ? -step : key === 'ArrowRight' ? step : 0;
      const dy = key === 'ArrowUp' ? -step : key === 'ArrowDown' ? step : 0;
      this.#show({ ...view, x: view.x + dx, y: view.y + dy });
    } else return false;
    return true;
  }

  /** @param {View} view */
  #show(view) {
    if (!this.#svg) return;
    const whole = this.#whole;
    const x = Math.max(0, Math.min(whole.width - view.width, view.x));
    const y = Math.max(0, Math.min(whole.height - view.height, view.y));
    this.#view = { ...view, x, y };
    this.#svg.setAttribute('viewBox', `${x} ${y} ${view.width} ${view.height}`);
    this.#svg.classList.toggle('zoomed', isZoomed(view, whole));
    this.#onView();
  }

  /** @param {SVGSVGElement} svg @param {WheelEvent} event */
  #wheel(svg, event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const matrix = svg.getScreenCTM();
    if (!matrix) return;
    const { x, y } = screenPoint(event);
    this.zoom(Math.exp(-event.deltaY / 300), { x: (x - matrix.e) / matrix.a, y: (y - matrix.f) / matrix.d });
  }

  /** @param {SVGSVGElement} svg @param {PointerEvent} event */
  #move(svg, event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = screenPoint(event);
    const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    if (other) {
      this.zoom(distance(now, other) / distance(before, other));
    } else if (this.#view && isZoomed(this.#view, this.#whole)) {
      const view = this.#view;
      const scale = svg.getScreenCTM()?.a ?? 1;
      this.#show({ ...view, x: view.x - (now.x - before.x) / scale, y: view.y - (now.y - before.y) / scale });
    }
    this.#pointers.set(event.pointerId, now);
  }
}

/** @param {View} view @param {View} whole */
const isZoomed = (view, whole) => view.width < whole.width - 1;

/** @param {MouseEvent} event @returns {Point} */
const screenPoint = ({ clientX, clientY }) => ({ x: clientX, y: clientY });

/** @param {Point} a @param {Point} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
