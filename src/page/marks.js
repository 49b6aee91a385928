import { boxOf, moodOf } from './chart.js';

const SVG = 'http://www.w3.org/2000/svg';
/** Milliseconds for which a mark of a job that is over still stands in its last state. */
const FAREWELL = 1_600;
const STEP = 9;

/**
 * The marks of all live jobs on the chart, each an element that lives as long as its job and glides to its new state
 * by a CSS transition. Beside the templates, since 500 of them move at any moment.
 */
export class Marks {
  #layer = null;
  #boxes = new Map();
  #layout = null;
  #circles = new Map();
  #onJob;

  constructor(onJob) {
    this.#onJob = onJob;
  }

  /** `layer` is the chart's group for marks; a new one starts from nothing. */
  draw(layer, layout, world, focus) {
    if (layer !== this.#layer || layout !== this.#layout) {
      for (const { circle } of this.#circles.values()) circle.remove();
      this.#circles.clear();
      this.#layer = layer;
      this.#layout = layout;
      this.#boxes = new Map(layout.boxes.map((box) => [box.path, box]));
    }
    const places = new Map();
    for (const job of world.jobs.values()) {
      const box = this.#boxes.get(boxOf(job));
      if (!box) continue;
      if (places.has(box)) places.get(box).push(job);
      else places.set(box, [job]);
    }
    const seen = new Set();
    for (const [box, jobs] of places) {
      jobs.forEach((job, index) => {
        seen.add(job.key);
        this.#put(job, spot(box, index, jobs.length), focus);
      });
    }
    const ended = new Map(world.ended.slice(0, 40).map((job) => [job.key, job]));
    for (const [key, mark] of this.#circles) {
      if (seen.has(key) || mark.leaving) continue;
      const job = ended.get(key);
      const box = job && this.#boxes.get(job.state);
      if (job && box) this.#put(job, spot(box, 0, 1), focus);
      mark.leaving = true;
      mark.circle.classList.add('leaving');
      setTimeout(() => {
        mark.circle.remove();
        if (this.#circles.get(key) === mark) this.#circles.delete(key);
      }, FAREWELL);
    }
  }

  #put(job, { x, y, r }, focus) {
    let mark = this.#circles.get(job.key);
    if (mark?.leaving && this.#circles.delete(job.key)) mark = undefined;
    if (!mark) {
      const circle = document.createElementNS(SVG, 'circle');
      circle.dataset.job = String(job.jobId);
      const title = document.createElementNS(SVG, 'title');
      circle.append(title);
      circle.addEventListener('click', (event) => {
        event.stopPropagation();
        // On the charts of hosts and webhooks no job stands behind a mark.
        if (circle.dataset.job !== '0') this.#onJob(Number(circle.dataset.job));
      });
      this.#layer.append(circle);
      mark = { circle, title, at: '', news: '', leaving: false };
      this.#circles.set(job.key, mark);
    }
    const at = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    if (mark.at !== at) {
      mark.circle.style.transform = at;
      mark.at = at;
    }
    const isDim = focus !== null && focus !== job.jobId;
    const isFocus = focus === job.jobId;
    const look = `mark ${moodOf(job)}${isDim ? ' dim' : ''}${isFocus ? ' focus' : ''}`;
    const news = `${look} ${r} ${job.jobId} ${job.state}`;
    if (mark.news === news) return;
    mark.news = news;
    mark.circle.setAttribute('class', look);
    mark.circle.setAttribute('r', String(isFocus ? Math.max(r, 5) : r));
    mark.circle.dataset.job = String(job.jobId);
    mark.circle.dataset.state = job.state;
    mark.title.textContent = `${job.jobId || ''} ${job.context.job?.name ?? ''}: ${job.state}`.trim();
  }
}

/**
 * Where the mark number `index` of `count` stands in a box: beads along a pill's edge or under the name of a state
 * with parts, a grid in a room.
 */
function spot({ x, y, width, height, isLeaf, parent }, index, count) {
  if (isLeaf && parent === '' && height > 60) {
    const [left, top, wide, high] = [x + 12, y + 46, width - 20, height - 54];
    const step = Math.min(STEP, Math.sqrt((wide * high) / count));
    const columns = Math.max(1, Math.floor(wide / step));
    const row = Math.floor(index / columns);
    return {
      x: left + (index % columns) * step,
      y: top + row * step,
      r: Math.max(1.4, Math.min(3.6, step * 0.4)),
    };
  }
  const room = width - 18;
  const step = Math.min(STEP, room / Math.max(1, count));
  return { x: x + 11 + index * step, y: isLeaf ? y + height - 4.9 : y + 32, r: 3.6 };
}
