import { applyEntry, overviewOf } from '../../journal/overview.js';

/**
 * @typedef {import('../../journal/overview.js').Entry} Entry
 * @typedef {import('../../journal/overview.js').Overview} Overview
 * @typedef {import('./api.js').Api} Api
 * @typedef {import('./api.js').Answers} Answers
 * @typedef {import('./api.js').Readiness} Readiness
 */

/** Milliseconds between requests for data that is not in the journal. */
const REFRESH_PAUSE = 2_500;
/** The same while the page is hidden: its title and its notifications still have to be true. */
const HIDDEN_PAUSE = 15_000;
/** Milliseconds of silence after which people are told: a restart of the daemon is often shorter. */
const LOST_AFTER = 5_000;
/** Entries fetched ahead while the past is played. */
const AHEAD = 500;

/**
 * What the page shows: the live overview, which the event stream keeps up to date, or that of another moment.
 * Views only read it; every change of it calls `onChange`.
 */
export class Session {
  #api;
  #onChange;
  #onEntry;
  /** @type {Overview | null} */
  live = null;
  /** Null while the present is shown. @type {Overview | null} */
  past = null;
  /** Difference between the daemon's clock and this one's, in milliseconds. */
  #skew = 0;
  /** @type {Answers['/api/state']['mode']} */
  mode = 'live';
  /** What the token allows. @type {Answers['/api/state']['role']} */
  role = 'reader';
  firstAt = 0;
  /** @type {'connecting' | 'live' | 'lost'} */
  connection = 'connecting';
  /** Epoch ms on the daemon's clock; null while there is a connection. @type {number | null} */
  lostAt = null;
  /** @type {Answers['/api/stats']['states']} */
  stats = {};
  /** @type {Answers['/api/waiting']['waiting']} */
  waiting = [];
  /** @type {Answers['/api/waiting']['unserved']} */
  unserved = [];
  /** @type {Answers['/api/hosts']['hosts']} */
  hosts = [];
  /** Those that share a database. @type {Answers['/api/controllers']['controllers']} */
  controllers = [];
  /** When which one became the active one. @type {Answers['/api/controllers']['takeOvers']} */
  takeOvers = [];
  /** @type {Answers['/api/sources'] | null} */
  sources = null;
  /** The keys of the config in force, and its digest. @type {Answers['/api/config']['config']} */
  config = null;
  /** @type {Readiness | null} */
  readiness = null;
  /** Rows of the store that cannot be read, by table. @type {Record<string, number>} */
  unreadable = {};
  playing = false;
  speed = 10;
  /** Epoch ms that was requested while another moment was fetched. @type {number | null} */
  #wanted = null;
  #isTravelling = false;
  /** The present was chosen while another moment was fetched. */
  #isLeft = false;
  /** Entries after the moment that is played. @type {Entry[]} */
  #ahead = [];
  #isFetching = false;
  #isRefreshing = false;

  /**
   * @param {Api} api
   * @param {{ onChange: () => void, onEntry: (entry: Entry) => void }} listeners `onEntry` gets those of the stream
   */
  constructor(api, { onChange, onEntry }) {
    this.#api = api;
    this.#onChange = onChange;
    this.#onEntry = onEntry;
  }

  /** Whether orders can be given now: not by a reader, not in a recording, and not in the past. */
  get canOrder() {
    return this.role === 'operator' && this.mode === 'live' && this.past === null;
  }

  /** Whether the daemon has been silent for longer than a short interruption lasts. */
  get isLost() {
    return this.lostAt !== null && Date.now() + this.#skew - this.lostAt > LOST_AFTER;
  }

  get overview() {
    return this.past ?? this.live;
  }

  /** The instant that is shown, on the daemon's clock. */
  get now() {
    return this.past ? this.past.at : this.present;
  }

  /** The end of the scrubber. It stops where the connection was lost, since nothing later is known. */
  get present() {
    return this.mode === 'replay' ? (this.live?.at ?? 0) : (this.lostAt ?? Date.now() + this.#skew);
  }

  /** Loads everything, and follows the journal from there. */
  async begin() {
    const answer = await this.#api.get('/api/state');
    this.mode = answer.mode;
    this.role = answer.role;
    this.#skew = answer.now - Date.now();
    this.firstAt = answer.firstAt;
    const live = overviewOf(answer);
    this.live = live;
    this.#onChange();
    if (!this.#isRefreshing) void this.#keepRefreshing();
    if (this.mode === 'replay') return;
    void this.#api.follow(answer.seq, {
      onEntry: (entry) => {
        applyEntry(live, entry);
        this.#onEntry(entry);
        this.#onChange();
      },
      onReset: () => this.begin(),
      onConnection: (connection) => {
        this.connection = connection;
        this.lostAt = connection === 'lost' ? (this.lostAt ?? Date.now() + this.#skew) : null;
        this.#onChange();
      },
    });
  }

  async #keepRefreshing() {
    this.#isRefreshing = true;
    for (;;) {
      await this.refresh();
      const pause = document.hidden ? HIDDEN_PAUSE : REFRESH_PAUSE;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Requests data that is not in the journal. Data whose request fails is kept as it was. */
  async refresh() {
    const ignore = () => null;
    const [stats, waiting, hosts, sources, status, readiness, controllers] = await Promise.all([
      this.#api.get('/api/stats').catch(ignore),
      this.#api.get('/api/waiting').catch(ignore),
      this.#api.get('/api/hosts').catch(ignore),
      this.#api.get('/api/sources').catch(ignore),
      this.#api.get('/api/status').catch(ignore),
      this.#api.readiness().catch(ignore),
      this.#api.get('/api/controllers').catch(ignore),
    ]);
    this.stats = stats?.states ?? this.stats;
    this.waiting = waiting?.waiting ?? this.waiting;
    this.unserved = waiting?.unserved ?? this.unserved;
    this.hosts = hosts?.hosts ?? this.hosts;
    this.sources = sources ?? this.sources;
    if (sources?.config && sources.config.digest !== this.config?.digest)
      this.config = (await this.#api.get('/api/config').catch(ignore))?.config ?? this.config;
    this.unreadable = status ? unreadableIn(status) : this.unreadable;
    this.readiness = readiness;
    this.controllers = controllers?.controllers ?? this.controllers;
    this.takeOvers = controllers?.takeOvers ?? this.takeOvers;
    this.#onChange();
  }

  /**
   * Shows a moment. Of those requested while one is fetched, only the last is shown.
   * @param {number} at epoch ms
   */
  async travel(at) {
    this.#wanted = at;
    this.#ahead = [];
    if (this.#isTravelling) return;
    this.#isTravelling = true;
    try {
      while (this.#wanted !== null) {
        const wanted = this.#wanted;
        this.#wanted = null;
        this.#isLeft = false;
        const answer = await this.#api.get('/api/state', { at: Math.round(wanted) });
        if (this.#wanted === null && !this.#isLeft) this.past = { ...overviewOf(answer), at: wanted };
        this.#onChange();
      }
    } finally {
      this.#isTravelling = false;
    }
  }

  goLive() {
    this.#wanted = null;
    this.#isLeft = true;
    this.playing = false;
    this.past = null;
    this.#onChange();
  }

  /** Plays the past from where it is, at `speed` times its pace, or stops that. */
  play() {
    if (this.playing) {
      this.playing = false;
      this.#onChange();
      return;
    }
    if (!this.past) return;
    this.playing = true;
    let before = performance.now();
    /** @param {number} time */
    const step = (time) => {
      if (!this.playing || !this.past) return;
      this.#advance(this.past, (time - before) * this.speed);
      before = time;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** @param {Overview} past @param {number} ms */
  #advance(past, ms) {
    const at = past.at + ms;
    let [next] = this.#ahead;
    while (next && next.at <= at) {
      applyEntry(past, next);
      this.#ahead.shift();
      [next] = this.#ahead;
    }
    past.at = at;
    if (this.#ahead.length < AHEAD / 2) void this.#fetchAhead(past);
    if (at >= this.present) this.goLive();
    this.#onChange();
  }

  /** @param {Overview} past */
  async #fetchAhead(past) {
    if (this.#isFetching) return;
    this.#isFetching = true;
    try {
      const after = this.#ahead.at(-1)?.seq ?? past.seq;
      const { entries } = await this.#api.get('/api/journal', { after, limit: AHEAD });
      if ((this.#ahead.at(-1)?.seq ?? this.past?.seq) === after) this.#ahead.push(...entries);
    } finally {
      this.#isFetching = false;
    }
  }
}

/** The rows in quarantine; a recording has none. @param {Answers['/api/status']} status */
function unreadableIn({ store }) {
  const { quarantined = 0, unreadableRows = {} } =
    /** @type {{ quarantined?: number, unreadableRows?: Record<string, number> }} */ (store ?? {});
  return { ...unreadableRows, 'job records': quarantined };
}
