import { html } from '/lib/lit-html/lit-html.js';
import { chartView } from './chart.js';
import { machineWords } from './machines.js';
import { countsOf } from './state-paths.js';

/**
 * The chosen chart, with the choice of machines, legend and zoom.
 * @param {{
 *   charts: import('./chart.js').Chart[],
 *   chart: import('./chart.js').Chart | null,
 *   occupants: import('./machines.js').Occupants,
 *   stats: import('./chart.js').Stats,
 *   trace: import('./state-paths.js').Trace | null,
 *   selected: string | null,
 *   panZoom: import('./pan-zoom.js').PanZoom,
 *   error: string | null,
 *   onMachine: (id: string) => void,
 *   onState: (path: string) => void,
 * }} view
 */
export function chartPanel({
  charts,
  chart,
  occupants,
  stats,
  trace,
  selected,
  panZoom,
  error,
  onMachine,
  onState,
}) {
  return html`
    <section class="panel chart-panel" aria-label="Chart">
      <header>
        <div role="group" aria-label="Machine">${charts.map(
          ({ id }) =>
            html`<button class="chip" aria-pressed=${id === chart?.id ? 'true' : 'false'} @click=${() => onMachine(id)}>${machineWords(id).tab}</button>`,
        )}</div>
        <p class="legend"><span class="key busy">working</span><span class="key good">busy or done</span><span class="key warn">waiting</span><span class="key bad">blocked or failed</span><span class="key idle">queued</span><span class="figures-key">median · p95</span></p>
        <div class="zoom" role="group" aria-label="Zoom">
          <button class="quiet" @click=${() => panZoom.zoom(1.4)} aria-label="Zoom in">+</button>
          <button class="quiet" @click=${() => panZoom.zoom(1 / 1.4)} aria-label="Zoom out">−</button>
          <button class="quiet" @click=${() => panZoom.full()} aria-label="Show the chart at 100 %">100 %</button>
          <button class="quiet" @click=${() => panZoom.fit()} aria-label="Show the whole chart">⤢</button>
        </div>
      </header>
      ${
        chart
          ? chartView({
              chart,
              counts: countsOf(occupants),
              nouns: machineWords(chart.id).nouns,
              stats,
              trace,
              selected,
              title: `State machine: ${chart.id}`,
              onSelect: onState,
            })
          : html`<p class="boot">${error ?? 'Drawing the chart…'}</p>`
      }
    </section>`;
}
