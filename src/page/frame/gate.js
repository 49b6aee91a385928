import { html, nothing } from '/lib/lit-html/lit-html.js';

/**
 * Asks for the admin token, where one is set.
 * @param {{ error: string | null, onToken: (token: string) => void }} view
 */
export function gateView({ error, onToken }) {
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submit = (event) => {
    event.preventDefault();
    onToken(String(new FormData(event.currentTarget).get('token')));
  };
  return html`<main class="gate"><form @submit=${submit}>
    <h1>jeballto-runner</h1>
    <label for="token">Admin token</label>
    <input id="token" name="token" type="password" autocomplete="off" required>
    <p class="sub">The value of <code>admin.token</code> in the daemon's config. It stays in this tab.</p>
    ${error ? html`<p class="bad-text" role="alert">${error}</p>` : nothing}
    <button type="submit">Open</button>
  </form></main>`;
}
