import { live } from '/lib/lit-html/directives/live.js';
import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, moment, span } from '../../format.js';
import { RANGES } from './ranges.js';
import { takeOverMarks } from './take-over-marks.js';

/**
 * @typedef {{ from: number, to: number }} Edges epoch ms
 * @typedef {Event & { currentTarget: HTMLInputElement | HTMLSelectElement }} FieldEvent
 */

const SPEEDS = [1, 10, 60, 600];
/** How far back the scrubber goes when more is kept. */
const SPANS = [RANGES['15m'], RANGES['1h'], RANGES['24h'], { ms: Number.POSITIVE_INFINITY, label: 'all' }];

/**
 * The first and the last moment of the scrubber.
 * @param {Pick<import('../session/session.js').Session, 'firstAt' | 'present'>} session
 * @param {number} range in milliseconds
 * @returns {Edges}
 */
export function edgesOf({ firstAt, present }, range) {
  return { from: Math.max(firstAt, present - range), to: present };
}

/**
 * Shows chart, list and job at any moment, and plays from there.
 * @param {{
 *   session: import('../session/session.js').Session,
 *   edges: Edges,
 *   range: number,
 *   onRange: (range: number) => void,
 *   onCopy: () => void,
 *   onLive: () => void,
 * }} view
 */
export function timeView({ session, edges, range, onRange, onCopy, onLive }) {
  const { past, playing, speed, firstAt, present, mode, lostAt, takeOvers } = session;
  const { from } = edges;
  const at = past?.at ?? present;
  /** @param {number} to */
  const travel = (to) => session.travel(Math.min(present, Math.max(firstAt, to)));
  /** @param {FieldEvent} event */
  const onSpeed = ({ currentTarget }) => {
    session.speed = Number(currentTarget.value);
  };
  /** @param {FieldEvent} event */
  const onScrub = ({ currentTarget }) => travel(Number(currentTarget.value));
  /** @param {FieldEvent} event */
  const onSpan = ({ currentTarget }) => onRange(Number(currentTarget.value));
  return html`
    <footer class="timebar ${past ? 'past' : ''}" aria-label="Time">
      <button class="play" ?disabled=${!past} @click=${() => session.play()} aria-label=${playing ? 'Pause' : 'Play'}>${playing ? '❚❚' : '▶'}</button>
      <label><span class="unseen">Speed</span><select @change=${onSpeed}>${SPEEDS.map((value) => html`<option value=${value} ?selected=${value === speed}>${value}×</option>`)}</select></label>
      <span class="edge" title=${moment(from)}>${clock(from)}</span>
      <div class="scrub">${takeOverMarks({ takeOvers, edges: { from, to: present }, onTravel: travel })}<input id="scrubber" type="range" min=${Math.floor(from)} max=${Math.ceil(present)} step="100" .value=${live(String(Math.round(at)))}
        aria-label="Moment" aria-valuetext=${past ? moment(at) : 'now'} @input=${onScrub}></div>
      <output class="at">${past ? html`${moment(at)} <span class="sub">${span(present - at)} ago</span>` : mode === 'replay' ? 'end of the recording' : lostAt === null ? 'now' : `until ${clock(lostAt)}`}</output>
      <label class="range"><span class="unseen">Span</span><select @change=${onSpan}>
        ${SPANS.map(({ label, ms }) => html`<option value=${ms} ?selected=${ms === range}>${label}</option>`)}</select></label>
      ${past ? html`<button @click=${onCopy}>Copy link</button>` : nothing}
      <button class="live" aria-pressed=${past ? 'false' : 'true'} @click=${onLive}>${mode === 'replay' ? 'End' : 'Live'}</button>
    </footer>`;
}
