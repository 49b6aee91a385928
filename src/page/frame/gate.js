import { html, nothing } from '/lib/lit-html/lit-html.js';

/**
 * Asks for a token, when one is set.
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
    <label for="token">Token</label>
    <input id="token" name="token" type="password" autocomplete="off" required>
    <p class="sub">The value of <code>admin.token</code> in the daemon's config, or of <code>admin.read_token</code> to look only. It stays in this tab.</p>
    ${error ? html`<p class="bad-text" role="alert">${error}</p>` : nothing}
    <button type="submit">Open</button>
  </form></main>`;
}
