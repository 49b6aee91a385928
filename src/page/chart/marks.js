import { MarkCanvas } from './mark-canvas.js';
import { boxOf, moodOf } from './state-paths.js';

/**
 * @typedef {import('./chart.js').Box} Box
 * @typedef {import('./chart.js').Chart['layout']} Layout
 * @typedef {import('./machines.js').Occupant} Occupant
 * @typedef {{ x: number, y: number }} Point in the chart's own pixels
 *
 * @typedef {object} Motion
 * @property {Point} from
 * @property {Point} to
 * @property {number} beganAt on the clock of animation frames
 *
 * @typedef {import('./mark-canvas.js').DrawnMark & Motion} Mark
 */

/** Milliseconds in which a mark moves to its next state. */
const GLIDE = 450;
/** Milliseconds for which the mark of an ended job stays in its last state, and for which it then fades. */
const STAY = 600;
const FADE = 1_000;
/** Ended jobs among which the last state of a mark is looked up. */
const MOST_ENDED = 40;

/**
 * The marks of everything in the chart's states. They move and fade on a canvas over the chart: 500 moving
 * elements would each need a style and a layer, and would not be drawn within a frame.
 */
export class Marks {
  #canvas;
  /** @type {Map<string, Mark>} */
  #marks = new Map();
  /** @type {Map<string, Box>} */
  #boxes = new Map();
  /** @type {Layout | null} */
  #layout = null;
  /** @type {number | null} */
  #focus = null;
  #isFrameAsked = false;
  #stillness = matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {(jobId: number) => void} onJob */
  constructor(onJob) {
    this.#canvas = new MarkCanvas({
      marks: () => this.#marks.values(),
      onResize: () => this.refresh(),
      // On the charts of hosts, webhooks and breakers a mark is not a job.
      onChoose: ({ jobId }) => jobId > 0 && onJob(jobId),
    });
  }

  /**
   * @param {HTMLCanvasElement | null} canvas over the chart; null where there is none
   * @param {Layout} layout
   * @param {import('./machines.js').Occupants} occupants
   * @param {number | null} focus the job whose mark stands out
   */
  show(canvas, layout, { live, ended }, focus) {
    this.#canvas.attach(canvas);
    if (layout !== this.#layout) {
      this.#marks.clear();
      this.#layout = layout;
      this.#boxes = new Map(layout.boxes.map((box) => [box.path, box]));
    }
    this.#focus = focus;
    const now = performance.now();
    /** @type {Set<string>} */
    const seen = new Set();
    for (const [box, inside] of this.#byBox(live)) {
      inside.forEach((one, index) => {
        seen.add(one.key);
        this.#put(one, spotIn(box, index, inside.length), now);
      });
    }
    this.#endAllBut(seen, ended, now);
    this.refresh();
  }

  /** Draws with the next frame, and with each one after it for as long as anything moves. */
  refresh() {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    requestAnimationFrame((now) => {
      this.#isFrameAsked = false;
      if (this.#move(now)) this.refresh();
      this.#canvas.paint(this.#focus);
    });
  }

  /** @param {Occupant[]} live */
  #byBox(live) {
    /** @type {Map<Box, Occupant[]>} */
    const byBox = new Map();
    for (const one of live) {
      const box = this.#boxes.get(boxOf(one.state));
      if (!box) continue;
      const inside = byBox.get(box);
      if (inside) inside.push(one);
      else byBox.set(box, [one]);
    }
    return byBox;
  }

  /** @param {Occupant} occupant @param {Point & { r: number }} spot @param {number} now */
  #put({ key, jobId, state, end, context }, { x, y, r }, now) {
    const name = context.job?.name ?? '';
    const looks = {
      jobId,
      state,
      r,
      mood: moodOf({ state, context, ...(end && { end }) }),
      text: `${jobId || ''} ${name}: ${state}`,
    };
    const mark = this.#marks.get(key);
    if (!mark || mark.overAt !== null) {
      const place = { x, y, from: { x, y }, to: { x, y } };
      this.#marks.set(key, { ...place, beganAt: now, overAt: null, alpha: 1, ...looks });
      return;
    }
    if (mark.to.x !== x || mark.to.y !== y) {
      mark.from = { x: mark.x, y: mark.y };
      mark.to = { x, y };
      mark.beganAt = now;
    }
    Object.assign(mark, looks);
  }

  /**
   * Moves the mark of an ended job to its last state, where it stays for a moment and fades.
   * @param {Set<string>} seen keys of all that is live @param {Occupant[]} ended @param {number} now
   */
  #endAllBut(seen, ended, now) {
    const ends = new Map(ended.slice(0, MOST_ENDED).map((job) => [job.key, job]));
    for (const [key, mark] of this.#marks) {
      if (seen.has(key) || mark.overAt !== null) continue;
      const job = ends.get(key);
      const box = job && this.#boxes.get(job.state);
      if (box) this.#put(job, spotIn(box, 0, 1), now);
      mark.overAt = now;
    }
  }

  /**
   * Moves all marks to where they are at an instant. Returns whether anything goes on moving.
   * @param {number} now
   */
  #move(now) {
    let isMoving = false;
    for (const [key, mark] of this.#marks) {
      const { from, to } = mark;
      if (mark.x !== to.x || mark.y !== to.y) {
        const part = this.#stillness.matches ? 1 : Math.min(1, Math.max(0, (now - mark.beganAt) / GLIDE));
        const eased = 1 - (1 - part) ** 3;
        mark.x = part === 1 ? to.x : from.x + (to.x - from.x) * eased;
        mark.y = part === 1 ? to.y : from.y + (to.y - from.y) * eased;
        isMoving = true;
      }
      if (mark.overAt === null) continue;
      mark.alpha = 1 - Math.max(0, (now - mark.overAt - STAY) / FADE);
      if (mark.alpha <= 0) this.#marks.delete(key);
      isMoving = true;
    }
    return isMoving;
  }
}

/** Pixels between the centres of two marks, when there is room. */
const STEP = 10;

/**
 * Returns where the mark number `index` of `count` is in a box: in one row under a name, in a large box in rows under
 * its figures.
 * @param {import('./chart.js').Box} box
 * @param {number} index
 * @param {number} count
 */
export function spotIn({ x, y, width, height, isLeaf, parent }, index, count) {
  if (isLeaf && parent === '' && height > 60) {
    const [left, top, wide, high] = [x + 13, y + 52, width - 22, height - 60];
    const step = Math.min(STEP, Math.sqrt((wide * high) / count));
    const columns = Math.max(1, Math.floor(wide / step));
    const row = Math.floor(index / columns);
    return {
      x: left + (index % columns) * step,
      y: top + row * step,
      r: Math.max(1.4, Math.min(4.2, step * 0.4)),
    };
  }
  const step = Math.min(STEP, (width - 22) / Math.max(1, count));
  return { x: x + 12 + index * step, y: isLeaf ? y + height - 9 : y + 38, r: 4.2 };
}
