import { boxOf, moodOf } from './chart.js';
import { MarkCanvas } from './mark-canvas.js';
import { spotIn } from './mark-spots.js';

/** Milliseconds in which a mark glides to its next state. */
const GLIDE = 450;
/** Milliseconds for which a mark of a job that is over still stands in its last state, and in which it then fades. */
const FAREWELL = 600;
const FADE = 1_000;

/**
 * The marks of all live jobs on the chart, each as old as its job. They glide and fade on a canvas over the chart:
 * 500 elements that move cost a browser a style and a layer each, and the frame with them.
 */
export class Marks {
  #canvas = new MarkCanvas();
  #marks = new Map();
  #boxes = new Map();
  #layout = null;
  #focus = null;
  #isAwake = false;
  #stillness = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(onJob) {
    this.#canvas.onResize = () => this.refresh();
    // On the charts of hosts, webhooks and breakers no job stands behind a mark.
    this.#canvas.onChoose = ({ jobId }) => jobId > 0 && onJob(jobId);
    this.#canvas.marks = () => this.#marks.values();
  }

  /** `element` is the canvas over the chart, null where there is none. */
  show(element, layout, overview, focus) {
    this.#canvas.attach(element);
    if (layout !== this.#layout) {
      this.#marks.clear();
      this.#layout = layout;
      this.#boxes = new Map(layout.boxes.map((box) => [box.path, box]));
    }
    this.#focus = focus;
    const now = performance.now();
    const seen = new Set();
    for (const [box, jobs] of this.#places(overview)) {
      jobs.forEach((job, index) => {
        seen.add(job.key);
        this.#put(job, spotIn(box, index, jobs.length), now);
      });
    }
    this.#sayFarewell(seen, overview.ended, now);
    this.refresh();
  }

  /** The chart shows another part of itself, or marks are somewhere else. */
  refresh() {
    if (this.#isAwake) return;
    this.#isAwake = true;
    requestAnimationFrame((now) => {
      this.#isAwake = false;
      if (this.#step(now)) this.refresh();
      this.#canvas.paint(this.#focus);
    });
  }

  #places(overview) {
    const places = new Map();
    for (const job of overview.jobs.values()) {
      const box = this.#boxes.get(boxOf(job));
      if (!box) continue;
      if (places.has(box)) places.get(box).push(job);
      else places.set(box, [job]);
    }
    return places;
  }

  #put(job, { x, y, r }, now) {
    const { key, jobId, state } = job;
    let mark = this.#marks.get(key);
    if (!mark || mark.overAt !== null) {
      mark = { x, y, to: { x, y }, overAt: null, alpha: 1 };
      this.#marks.set(key, mark);
    }
    if (mark.to.x !== x || mark.to.y !== y) {
      mark.from = { x: mark.x, y: mark.y };
      mark.to = { x, y };
      mark.began = now;
    }
    const name = job.context.job?.name ?? '';
    Object.assign(mark, { jobId, state, r, mood: moodOf(job), text: `${jobId || ''} ${name}: ${state}` });
  }

  /** What is over goes to where it ended, stands there for a moment and fades. */
  #sayFarewell(seen, ended, now) {
    const ends = new Map(ended.slice(0, 40).map((job) => [job.key, job]));
    for (const [key, mark] of this.#marks) {
      if (seen.has(key) || mark.overAt !== null) continue;
      const job = ends.get(key);
      const box = job && this.#boxes.get(job.state);
      if (box) this.#put(job, spotIn(box, 0, 1), now);
      mark.overAt = now;
    }
  }

  /** Moves all marks to where they are at an instant; answers whether anything goes on moving. */
  #step(now) {
    let isMoving = false;
    for (const [key, mark] of this.#marks) {
      if (mark.x !== mark.to.x || mark.y !== mark.to.y) {
        const part = this.#stillness.matches ? 1 : Math.min(1, Math.max(0, (now - mark.began) / GLIDE));
        const eased = 1 - (1 - part) ** 3;
        mark.x = part === 1 ? mark.to.x : mark.from.x + (mark.to.x - mark.from.x) * eased;
        mark.y = part === 1 ? mark.to.y : mark.from.y + (mark.to.y - mark.from.y) * eased;
        isMoving = true;
      }
      if (mark.overAt === null) continue;
      mark.alpha = 1 - Math.max(0, (now - mark.overAt - FAREWELL) / FADE);
      if (mark.alpha <= 0) this.#marks.delete(key);
      isMoving = true;
    }
    return isMoving;
  }
}
