import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, counted, moment } from '../../format.js';

/**
 * @typedef {NonNullable<import('../../http/admin/api/api-routes.ts').SourcesView['config']>} InForce
 * @typedef {import('../../http/admin/api/api-routes.ts').Answers['/api/config']['config']} Config
 */

/**
 * The config in force, how its last reload ended, and all its keys; of a secret only that there is one.
 * @param {InForce} inForce @param {Config} config
 */
export function configFacts({ path, digest, since, lastReload }, config) {
  return html`
    <dt>Config</dt>
    <dd><code>${digest}</code> in force since <span title=${moment(since)}>${clock(since)}</span>
      <p class="sub">${path}</p>
      ${lastReload ? reloadView(lastReload) : nothing}
      ${config ? keysView(config.keys) : nothing}</dd>`;
}

/** @param {NonNullable<InForce['lastReload']>} reload */
function reloadView({ outcome, at, by, changes, problems }) {
  const when = `at ${clock(at)} by ${by}`;
  if (outcome === 'refused')
    return html`<p class="warn-text">The reload ${when} was refused, and nothing has changed:</p>
      <ul class="warn-text">${problems.map((problem) => html`<li>${[problem.at, problem.path].filter(Boolean).join(': ')}: ${problem.message}</li>`)}</ul>`;
  const what = outcome === 'unchanged' ? 'nothing had changed' : counted(changes.length, 'change');
  return html`<p class="sub">Reloaded ${when}: ${what}</p>
    ${changes.length > 0 ? html`<ul class="sub">${changes.map((change) => html`<li>${changeWords(change)}</li>`)}</ul>` : nothing}`;
}

/** @param {NonNullable<InForce['lastReload']>['changes'][number]} change */
function changeWords({ key, what, from, to }) {
  if (what !== 'changed' || (from === undefined && to === undefined)) return `${key}: ${what}`;
  return `${key}: ${from ?? '(not set)'} → ${to ?? '(not set)'}`;
}

/** @param {NonNullable<Config>['keys']} keys */
function keysView(keys) {
  return html`<details><summary>${counted(keys.length, 'key')}</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Keys of the config in force"><table>
      <tbody>${keys.map(({ key, value }) => html`<tr><td><code>${key}</code></td><td>${value}</td></tr>`)}</tbody></table></div></details>`;
}
