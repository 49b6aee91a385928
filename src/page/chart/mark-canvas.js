const MOODS = ['idle', 'busy', 'good', 'warn', 'bad'];
/** Pixels by which a pointer may miss a mark. */
const REACH = 4;

/** A canvas that lies on the chart and shows what of it the chart shows, with a label for the mark under the pointer. */
export class MarkCanvas {
  onResize = () => {};
  onChoose = () => {};
  /** All marks there are, in the chart's own pixels. */
  marks = () => [];
  #element = null;
  #chart = null;
  #label = null;
  #size = { width: 0, height: 0 };
  #colours = null;
  #resizes = new ResizeObserver(([{ contentRect }]) => this.#resize(contentRect));

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colours = null;
      this.onResize();
    });
  }

  attach(element) {
    if (element === this.#element) return;
    this.#resizes.disconnect();
    this.#element = element;
    if (!element) return;
    const stage = element.parentElement;
    this.#chart = stage.querySelector('svg');
    this.#label = stage.querySelector('.mark-label');
    // What stands where, for who asks from outside.
    element.whereIs = (jobId) => this.#whereIs(jobId);
    this.#resizes.observe(element);
    stage.addEventListener('click', (event) => this.#click(event), { capture: true });
    stage.addEventListener('pointermove', (event) => this.#point(event));
    stage.addEventListener('pointerleave', () => this.#point(null));
  }

  paint(focus) {
    if (!this.#element) return;
    const context = this.#element.getContext('2d');
    const { scale, left, top } = this.#view();
    const ratio = devicePixelRatio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#element.width, this.#element.height);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    this.#colours ??= coloursOf(this.#element);
    context.lineWidth = 0.8;
    for (const mark of this.marks()) {
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

  #resize({ width, height }) {
    this.#size = { width, height };
    this.#element.width = Math.round(width * devicePixelRatio);
    this.#element.height = Math.round(height * devicePixelRatio);
    this.onResize();
  }

  /** How the chart's own pixels become those of the canvas: as SVG fits a viewBox. */
  #view() {
    const { width, height } = this.#size;
    const view = this.#chart.viewBox.baseVal;
    const scale = Math.min(width / view.width, height / view.height);
    const left = (width - view.width * scale) / 2 - view.x * scale;
    return { scale, left, top: (height - view.height * scale) / 2 - view.y * scale };
  }

  #markAt({ clientX, clientY }) {
    const box = this.#element.getBoundingClientRect();
    const { scale, left, top } = this.#view();
    const [x, y] = [(clientX - box.left - left) / scale, (clientY - box.top - top) / scale];
    let [nearest, least] = [null, Number.POSITIVE_INFINITY];
    for (const mark of this.marks()) {
      const miss = Math.hypot(mark.x - x, mark.y - y) - mark.r;
      if (miss < least) [nearest, least] = [mark, miss];
    }
    return least * scale <= REACH ? nearest : null;
  }

  #click(event) {
    const mark = this.#markAt(event);
    if (!mark) return;
    event.stopPropagation();
    this.onChoose(mark);
  }

  #point(event) {
    const mark = event?.pointerType === 'mouse' ? this.#markAt(event) : null;
    this.#label.hidden = mark === null;
    this.#element.parentElement.classList.toggle('on-mark', mark !== null);
    if (mark === null) return;
    const { scale, left, top } = this.#view();
    this.#label.textContent = mark.text;
    const isRight = mark.x * scale + left > this.#size.width / 2;
    this.#label.style.translate = `${mark.x * scale + left + (isRight ? -8 : 8)}px ${mark.y * scale + top + 14}px`;
    this.#label.classList.toggle('leftwards', isRight);
  }

  #whereIs(jobId) {
    const mark = [...this.marks()].find((one) => one.jobId === jobId && one.overAt === null);
    if (!mark) return null;
    const box = this.#element.getBoundingClientRect();
    const { scale, left, top } = this.#view();
    const { state, r } = mark;
    return { state, x: box.left + left + mark.x * scale, y: box.top + top + mark.y * scale, r: r * scale };
  }
}

/** The style sheet's colours as a canvas understands them. */
function coloursOf(element) {
  const names = [...MOODS, 'panel', 'text'];
  return Object.fromEntries(
    names.map((name) => {
      element.style.color = `var(--${name})`;
      return [name, getComputedStyle(element).color];
    }),
  );
}
