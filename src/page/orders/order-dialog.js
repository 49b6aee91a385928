import { html, nothing } from '/lib/lit-html/lit-html.js';

/**
 * The dialog of an order. Its element stays on the page, so that the browser returns the focus when it closes.
 * @param {import('./orders.js').Orders} orders
 */
export function orderDialog(orders) {
  return html`<dialog id="order" aria-labelledby="order-title" @close=${() => orders.dismiss()}>
    ${orders.asked ? formView(orders, orders.asked) : nothing}</dialog>`;
}

/** Opens or closes the dialog as the orders say. @param {import('./orders.js').Orders} orders */
export function showDialog({ asked }) {
  /** @type {HTMLDialogElement | null} */
  const dialog = document.querySelector('dialog#order');
  if (!dialog || dialog.open === (asked !== null)) return;
  if (asked === null) dialog.close();
  else dialog.showModal();
}

/** Spans after which an order ends by itself, as the API takes them, and in words. */
const ENDS = [
  ['30m', 'after 30 minutes'],
  ['1h', 'after an hour'],
  ['2h', 'after 2 hours'],
  ['4h', 'after 4 hours'],
  ['12h', 'after 12 hours'],
  ['1d', 'after a day'],
  ['3d', 'after 3 days'],
  ['7d', 'after a week'],
];

const endView = () => html`<label for="until">It ends by itself</label>
  <select id="until" name="until"><option value="">never</option>
    ${ENDS.map(([span, words]) => html`<option value=${span}>${words}</option>`)}</select>`;

/** @param {import('./orders.js').Orders} orders @param {import('./orders.js').Asked} asked */
function formView(orders, { order, phase, error, result }) {
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submit = (event) => {
    event.preventDefault();
    if (phase === 'done') return orders.dismiss();
    const form = new FormData(event.currentTarget);
    const by = String(form.get('by')).trim();
    if (by) void orders.give(by, String(form.get('until') ?? ''));
  };
  const isDone = phase === 'done';
  return html`<form @submit=${submit}>
    <h2 id="order-title">${order.title}</h2>
    <p>${isDone ? nothing : order.sentence}</p>
    <p role="status" class="result">${result}</p>
    ${
      isDone
        ? nothing
        : html`<label for="by">Your name, for the journal</label>
            <input id="by" name="by" required maxlength="60" autocomplete="name" .value=${orders.operator} ?readonly=${phase === 'sending'}>
            ${order.mayEnd ? endView() : nothing}`
    }
    <p role="alert" class="bad-text">${error}</p>
    <div class="actions">
      ${isDone ? nothing : html`<button type="button" @click=${() => orders.dismiss()}>Do nothing</button>`}
      <button type="submit" class=${order.isDanger && !isDone ? 'primary danger' : 'primary'} ?disabled=${phase === 'sending'}>${isDone ? 'Close' : phase === 'sending' ? 'Sending…' : order.button}</button>
    </div>
  </form>`;
}
