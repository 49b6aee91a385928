import { html, nothing } from '/lib/lit-html/lit-html.js';
import { moment } from '../../format.js';
import { keptView } from './kept-view.js';

/**
 * @typedef {import('./why-no-look.js').Look} Look
 *
 * @typedef {object} LookView
 * @property {import('./vm-look.js').VmLook} look
 * @property {Record<Look, string | null>} whyNot it cannot be asked for
 * @property {boolean} isOver the VM is removed, so only what was kept of it can be shown
 * @property {import('../session/shown-job.js').Kept[]} kept
 * @property {boolean} canSee evidence
 * @property {(what: Look) => void} onLook
 * @property {(isFull: boolean) => void} onFull
 */

/** The end of the runner's log and the screen of the job's VM, each when a person asks for it. @param {LookView} view */
export function lookView(view) {
  const { whyNot, isOver, kept, canSee } = view;
  return html`<div class="look">
    ${
      whyNot.log === whyNot.screen && whyNot.log !== null
        ? html`<p class="sub">${whyNot.log}</p>`
        : html`<p class="sub">The VM is asked when you choose it. Nothing of what it shows is stored.</p>`
    }
    ${partView(view, 'log', "Runner's log", logView(view))}
    ${partView(view, 'screen', 'Screen', screenView(view))}
    ${isOver && canSee ? keptView(kept, canSee) : nothing}
  </div>`;
}

/** @param {LookView} view @param {Look} what @param {string} title @param {unknown} content */
function partView({ look, whyNot, onLook }, what, title, content) {
  const isSeen = look[what] !== null;
  const why = whyNot[what];
  // A sentence that is true for both is shown once, above.
  if (!isSeen && why !== null && whyNot.log === whyNot.screen) return nothing;
  const label = look.isAsking[what] ? 'Asking the VM…' : isSeen ? 'Refresh' : `Show the ${what}`;
  const sentence = why ?? look.why[what];
  return html`<section aria-labelledby="look-${what}">
    <header><h3 id="look-${what}">${title}</h3>
      ${why === null ? html`<button @click=${() => onLook(what)}>${label}</button>` : nothing}</header>
    <p role="status" class=${why === null ? 'warn-text' : 'sub'}>${look.isAsking[what] ? nothing : sentence}</p>
    ${content}
  </section>`;
}

/** @param {LookView} view */
function logView({ look: { log } }) {
  if (!log) return nothing;
  const { text, vmName, at } = log;
  return html`<p class="sub">The last lines in ${vmName}, as they were at ${moment(at)}.</p>
    ${text === '' ? html`<p>The runner has printed nothing yet.</p>` : html`<pre tabindex="0" aria-label="The last lines of the runner's log">${text}</pre>`}`;
}

/** @param {LookView} view */
function screenView({ look: { screen, isFull }, onFull }) {
  if (!screen) return nothing;
  const { url, vmName, at } = screen;
  return html`<p class="sub">The screen of ${vmName}, as it was at ${moment(at)}.
      <button class="link" aria-pressed=${isFull ? 'true' : 'false'} @click=${() => onFull(!isFull)}>Full size</button></p>
    <div class="scroll ${isFull ? 'full' : ''}" tabindex="0" role="region" aria-label="Screen"><img src=${url} alt="The screen of ${vmName} at ${moment(at)}"></div>`;
}
