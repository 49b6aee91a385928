/** The orders of a person: each is confirmed once, and sent with a name for the journal. */
export class Orders {
  #api;
  #onDone;
  #onError;

  /**
   * @param {import('./api.js').Api} api
   * @param {{ onDone: () => Promise<void>, onError: (error: unknown) => void }} listeners
   */
  constructor(api, { onDone, onError }) {
    this.#api = api;
    this.#onDone = onDone;
    this.#onError = onError;
  }

  /** @param {'cancel' | 'retry' | 'forget'} what @param {number} jobId */
  job(what, jobId) {
    const questions = {
      cancel: `Give up job ${jobId} and remove its VM? It is not tried again. A job that already runs is not stopped.`,
      retry: `Try job ${jobId} again now?`,
      forget: `End the record of job ${jobId} as it is? Nothing is deleted: the collector looks for what is left of its VM and runner.`,
    };
    const path = what === 'forget' ? `/api/records/${jobId}/forget` : `/api/jobs/${jobId}/${what}`;
    return this.#give(questions[what], path);
  }

  /** @param {'cordon' | 'uncordon' | 'drain'} what @param {string} host */
  host(what, host) {
    const questions = {
      cordon: `Give ${host} no new jobs until it is uncordoned?`,
      uncordon: `Give ${host} jobs again?`,
      drain: `Cordon ${host}, and move its jobs that do not run yet to other hosts?`,
    };
    return this.#give(questions[what], `/api/hosts/${encodeURIComponent(host)}/${what}`);
  }

  collect() {
    return this.#give(
      'Look for ownerless VMs and runners of this daemon, and remove them now?',
      '/api/collect',
    );
  }

  /** @param {string} question @param {string} path */
  async #give(question, path) {
    if (!confirm(question)) return;
    const by = operatorName();
    if (!by) return;
    try {
      await this.#api.order(path, by);
      await this.#onDone();
    } catch (error) {
      this.#onError(error);
    }
  }
}

/** Asked for once in this browser. */
function operatorName() {
  const known = localStorage.getItem('operator');
  if (known) return known;
  const given = prompt('Your name, for the journal:');
  if (given) localStorage.setItem('operator', given);
  return given;
}
