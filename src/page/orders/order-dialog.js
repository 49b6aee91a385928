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

/** @param {import('./order-texts.js').Span} span */
const spanView = ({ label, choices }) => html`<label for="span">${label}</label>
  <select id="span" name="span">${choices.map(([value, words]) => html`<option value=${value}>${words}</option>`)}</select>`;

/** @param {import('./orders.js').Orders} orders @param {import('./orders.js').Asked} asked */
function formView(orders, { order, phase, error, result }) {
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submit = (event) => {
    event.preventDefault();
    if (phase === 'done') return orders.dismiss();
    const form = new FormData(event.currentTarget);
    const by = String(form.get('by')).trim();
    if (by) void orders.give(by, String(form.get('span') ?? ''));
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
            ${order.span ? spanView(order.span) : nothing}`
    }
    <p role="alert" class="bad-text">${error}</p>
    <div class="actions">
      ${isDone ? nothing : html`<button type="button" @click=${() => orders.dismiss()}>Do nothing</button>`}
      <button type="submit" class=${order.isDanger && !isDone ? 'primary danger' : 'primary'} ?disabled=${phase === 'sending'}>${isDone ? 'Close' : phase === 'sending' ? 'Sending…' : order.button}</button>
    </div>
  </form>`;
}
