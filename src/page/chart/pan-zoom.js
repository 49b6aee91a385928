/**
 * Zoom and pan of the chart by its viewBox: wheel with Ctrl or ⌘ (a plain wheel scrolls the page), drag, two fingers,
 * the keys + − 0 and, zoomed in, the arrows.
 */
export class PanZoom {
  #svg = null;
  #view = null;
  #pointers = new Map();
  #onView;

  constructor(onView) {
    this.#onView = onView;
  }

  /** Follows an element; a new one starts unzoomed. */
  attach(svg) {
    if (svg === this.#svg) return;
    this.#svg = svg;
    this.#view = null;
    if (!svg) return;
    svg.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    svg.addEventListener('pointerdown', (event) => this.#down(event));
    svg.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel', 'pointerleave']) {
      svg.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
  }

  get #whole() {
    const { width, height } = this.#svg.dataset;
    return { x: 0, y: 0, width: Number(width), height: Number(height) };
  }

  /** Factor above 1 shows less, larger. `point` is in the chart's own pixels; the middle without one. */
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

  /** True when the key was one of its own. */
  key({ key, target }) {
    const view = this.#view ?? this.#whole;
    const isZoomed = view.width < this.#whole.width - 1;
    const step = view.width / 8;
    if (key === '+' || key === '=') this.zoom(1.3);
    else if (key === '-') this.zoom(1 / 1.3);
    else if (key === '0') this.fit();
    else if (isZoomed && target.closest?.('#chart') && key.startsWith('Arrow')) {
      const dx = key === 'ArrowLeft' ? -step : key === 'ArrowRight' ? step : 0;
      const dy = key === 'ArrowUp' ? -step : key === 'ArrowDown' ? step : 0;
      this.#show({ ...view, x: view.x + dx, y: view.y + dy });
    } else return false;
    return true;
  }

  #show(view) {
    const whole = this.#whole;
    const x = Math.max(0, Math.min(whole.width - view.width, view.x));
    const y = Math.max(0, Math.min(whole.height - view.height, view.y));
    this.#view = { ...view, x, y };
    this.#svg.setAttribute('viewBox', `${x} ${y} ${view.width} ${view.height}`);
    this.#svg.classList.toggle('zoomed', view.width < whole.width - 1);
    this.#onView();
  }

  #pointOf({ clientX, clientY }) {
    const matrix = this.#svg.getScreenCTM();
    return { x: (clientX - matrix.e) / matrix.a, y: (clientY - matrix.f) / matrix.d };
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 300), this.#pointOf(event));
  }

  #down(event) {
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const scale = this.#svg.getScreenCTM().a;
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId);
    if (others.length > 0) {
      const [, other] = others[0];
      const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
      this.zoom(apart(now) / apart(before));
    } else if (this.#view && this.#view.width < this.#whole.width - 1) {
      const view = this.#view;
      this.#show({ ...view, x: view.x - (now.x - before.x) / scale, y: view.y - (now.y - before.y) / scale });
    }
    this.#pointers.set(event.pointerId, now);
  }
}
