import { html, nothing } from '/lib/lit-html/lit-html.js';
import { moment } from '../../format.js';

/**
 * The saved evidence of failed attempts.
 * @param {import('../session/shown-job.js').Kept[]} kept @param {boolean} canSave the evidence
 */
export function keptView(kept, canSave) {
  if (!canSave)
    return html`<p class="sub">Evidence needs the admin token: it holds the screen and the logs of a guest.</p>`;
  if (kept.length === 0)
    return html`<p class="sub">No evidence is kept. It is saved when an attempt fails.</p>`;
  return kept.map(
    ({ attempt, at, vmName, screen, logs, agentEvents, missing }) => html`
      <details class="kept" ?open=${kept.length === 1}><summary>Attempt ${attempt}, saved at ${moment(at)} from ${vmName}</summary>
        ${screen ? html`<img src="data:image/png;base64,${screen}" alt="The guest's screen when attempt ${attempt} ended">` : nothing}
        ${Object.entries(logs).map(([name, text]) => html`<h4>${name}</h4><pre tabindex="0">${text}</pre>`)}
        ${agentEvents.length > 0 ? html`<h4>Agent's events</h4><pre tabindex="0">${agentEvents.map((event) => JSON.stringify(event)).join('\n')}</pre>` : nothing}
        ${missing.length > 0 ? html`<p class="sub">Missing: ${missing.join('; ')}</p>` : nothing}
      </details>`,
  );
}
