import { applyEntry, overviewOf } from '../../journal/overview.js';

/** Milliseconds between looks at what the journal does not tell. */
const LOOK = 2_500;
/** Entries fetched ahead while the past is played. */
const AHEAD = 500;

/**
 * What the page shows: the live overview, which the event stream keeps up to date, or that of another moment. Views
 * only read it; every change of it calls `onChange`.
 */
export class Session {
  api;
  onChange;
  live = null;
  /** Null while the present is shown. */
  past = null;
  /** Difference between the daemon's clock and this one's, in milliseconds. */
  #skew = 0;
  mode = 'live';
  firstAt = 0;
  connection = 'connecting';
  /** Epoch ms on the daemon's clock; null while there is a connection. */
  lostAt = null;
  stats = {};
  waiting = [];
  unserved = [];
  hosts = [];
  sources = null;
  readiness = null;
  playing = false;
  speed = 10;
  /** Entries of the live stream, for whoever shows one job. */
  onEntry = () => {};
  #wanted = null;
  #travelling = false;
  #buffer = [];
  #fetching = false;
  #isLooking = false;

  constructor(api, onChange) {
    this.api = api;
    this.onChange = onChange;
  }

  get overview() {
    return this.past ?? this.live;
  }

  /** The instant that is shown, on the daemon's clock. */
  get now() {
    return this.past ? this.past.at : this.present;
  }

  /** The end of the scrubber: what happened after a connection was lost nobody knows here. */
  get present() {
    return this.mode === 'replay' ? (this.live?.at ?? 0) : (this.lostAt ?? Date.now() + this.#skew);
  }

  async begin() {
    const answer = await this.api.get('/api/state');
    this.mode = answer.mode;
    this.#skew = answer.now - Date.now();
    this.firstAt = answer.firstAt;
    this.live = overviewOf(answer);
    this.onChange();
    if (!this.#isLooking) void this.#look();
    if (this.mode === 'replay') return;
    void this.api.follow(answer.seq, {
      onEntry: (entry) => {
        applyEntry(this.live, entry);
        this.onEntry(entry);
        this.onChange();
      },
      onReset: () => this.begin(),
      onState: (connection) => {
        this.connection = connection;
        this.lostAt = connection === 'lost' ? (this.lostAt ?? Date.now() + this.#skew) : null;
        this.onChange();
      },
    });
  }

  async #look() {
    this.#isLooking = true;
    for (;;) {
      if (!document.hidden) await this.refresh();
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  /** Asks for what the journal does not tell. */
  async refresh() {
    const ask = (path) => this.api.get(path).catch(() => null);
    const [stats, waiting, hosts, sources, readiness] = await Promise.all([
      ask('/api/stats'),
      ask('/api/waiting'),
      ask('/api/hosts'),
      ask('/api/sources'),
      fetch('/readyz').then(
        (response) => response.json(),
        () => null,
      ),
    ]);
    this.stats = stats?.states ?? this.stats;
    this.waiting = waiting?.waiting ?? this.waiting;
    this.unserved = waiting?.unserved ?? this.unserved;
    this.hosts = hosts?.hosts ?? this.hosts;
    this.sources = sources ?? this.sources;
    this.readiness = readiness;
    this.onChange();
  }

  /** Shows a moment. While one is fetched only the last wish counts. */
  async travel(at) {
    this.#wanted = at;
    this.#buffer = [];
    if (this.#travelling) return;
    this.#travelling = true;
    try {
      while (this.#wanted !== null) {
        const wanted = this.#wanted;
        this.#wanted = null;
        const answer = await this.api.get(`/api/state?at=${Math.round(wanted)}`);
        if (this.#wanted === null) this.past = { ...overviewOf(answer), at: wanted };
        this.onChange();
      }
    } finally {
      this.#travelling = false;
    }
  }

  goLive() {
    this.#wanted = null;
    this.playing = false;
    this.past = null;
    this.onChange();
  }

  /** Plays the past on from where it is, at `speed` times its pace. */
  play() {
    if (this.playing) {
      this.playing = false;
      this.onChange();
      return;
    }
    if (!this.past) return;
    this.playing = true;
    let before = performance.now();
    const step = (time) => {
      if (!this.playing || !this.past) return;
      this.#advance((time - before) * this.speed);
      before = time;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #advance(ms) {
    const at = this.past.at + ms;
    while (this.#buffer[0] && this.#buffer[0].at <= at) applyEntry(this.past, this.#buffer.shift());
    this.past.at = at;
    if (this.#buffer.length < AHEAD / 2) void this.#fill();
    if (at >= this.present) this.goLive();
    this.onChange();
  }

  async #fill() {
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      const after = this.#buffer.at(-1)?.seq ?? this.past.seq;
      const { entries } = await this.api.get(`/api/journal?after=${after}&limit=${AHEAD}`);
      if ((this.#buffer.at(-1)?.seq ?? this.past?.seq) === after) this.#buffer.push(...entries);
    } finally {
      this.#fetching = false;
    }
  }
}
