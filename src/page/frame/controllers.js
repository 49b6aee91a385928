import { html, nothing } from '/lib/lit-html/lit-html.js';
import { controllersWords } from './controllers-words.js';

/**
 * The strip of controllers; nothing where there is one.
 * @param {{ controllers: readonly import('./controllers-words.js').Controller[], now: number }} view
 */
export function controllersView({ controllers, now }) {
  if (controllers.length < 2) return nothing;
  const { active, mood, standbys, gone, refusals } = controllersWords(controllers, now);
  return html`<aside class="controllers" aria-label="Controllers">
    <span class="state ${mood}">${active}</span>
    <span>${standbys}</span>
    ${gone ? html`<span class="state idle">${gone}</span>` : nothing}
    ${refusals.map((text) => html`<span class="state warn">${text}</span>`)}
  </aside>`;
}
