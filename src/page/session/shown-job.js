import { hostsOf, isAround } from '../../journal/story/around.js';
import { VmLook } from '../look/vm-look.js';

/**
 * @typedef {import('../../journal/overview.js').Entry} Entry
 * @typedef {import('./api.js').Answers} Answers
 * @typedef {Answers['/api/jobs/:id/evidence']['kept'][number]} Kept
 * @typedef {Answers['/api/jobs/:id'] & { kept: Kept[] }} Story
 */

/** The job whose panel is open: its journal, and further facts from the daemon. */
export class ShownJob {
  #api;
  #session;
  id;
  isLoaded = false;
  /** @type {Entry[]} */
  entries = [];
  /** What happened around it. @type {Entry[]} */
  around = [];
  /** Null where the daemon does not know the job. @type {Story | null} */
  story = null;
  /** Who started its run; null while that is unknown. @type {string | null} */
  actor = null;
  /** Number of the last entry that was known when its run was asked for; null before that. @type {number | null} */
  #askedAt = null;

  /**
   * @param {import('./api.js').Api} api @param {number} id
   * @param {Pick<import('./session.js').Session, 'role'>} session evidence is fetched for operators only
   */
  constructor(api, id, session) {
    this.#api = api;
    this.id = id;
    this.look = new VmLook(api, id);
    this.#session = session;
  }

  /** The daemon's figures are not in the journal, so a live job is loaded again and again. */
  async load() {
    const after = this.around.at(-1)?.seq ?? 0;
    const [{ entries }, around, story] = await Promise.all([
      this.#api.get('/api/jobs/:id/journal', { id: this.id }),
      this.#api.get('/api/jobs/:id/around', { id: this.id, after }),
      this.#api.get('/api/jobs/:id', { id: this.id }).catch(() => null),
    ]);
    const kept = story && (await this.#keptOf(story));
    this.entries = entries;
    this.isLoaded = true;
    this.#addAround(around.entries);
    this.story = story && { ...story, kept: kept ?? [] };
    const last = entries.at(-1)?.seq ?? 0;
    if (this.actor === null && last !== this.#askedAt) void this.#askForActor(last);
  }

  /**
   * Not awaited: the daemon may have to ask GitHub. Where that says nothing, it is asked again when something happened.
   * @param {number} last number of the last entry
   */
  async #askForActor(last) {
    this.#askedAt = last;
    const run = await this.#api.get('/api/jobs/:id/run', { id: this.id }).catch(() => null);
    this.actor = run?.actor ?? null;
  }

  /** An entry of the event stream. @param {Entry} entry */
  add(entry) {
    if (entry.jobId === this.id) this.entries = [...this.entries, entry];
    else if (isAround(entry, hostsOf(this.entries))) this.#addAround([entry]);
  }

  /** The stream and a load may both bring an entry. @param {Entry[]} entries in their order */
  #addAround(entries) {
    const last = this.around.at(-1)?.seq ?? 0;
    const added = entries.filter(({ seq }) => seq > last);
    if (added.length > 0) this.around = [...this.around, ...added];
  }

  /** Everything that is known of the job, as a file for somebody elsewhere. */
  async save() {
    const file = await this.#api.get('/api/jobs/:id/evidence', { id: this.id });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: 'application/json' }));
    link.download = `job-${this.id}.evidence.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /**
   * Fetched only when an attempt was added, since it may be megabytes.
   * @param {Answers['/api/jobs/:id']} story
   */
  async #keptOf({ evidence }) {
    const before = this.story?.kept ?? [];
    if (this.#session.role !== 'operator') return before;
    if (evidence.length === 0 || evidence.length === this.story?.evidence.length) return before;
    return (await this.#api.get('/api/jobs/:id/evidence', { id: this.id })).kept;
  }
}
