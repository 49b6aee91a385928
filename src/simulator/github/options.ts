import type { Latency } from '../latency.ts';

/**
 * How long things take and last, in milliseconds. The defaults are GitHub's, except for the delays, which are
 * short.
 */
export interface Timings {
  /** From the moment at which a job and a matching runner exist to the assignment. */
  assignment: Latency;
  /** An assigned runner has to take its job within this, or the job is queued again. */
  pickUp: number;
  /** A runner that does not ask for messages for so long is offline. */
  offlineAfter: number;
  /** A job whose runner does not renew it for so long has failed: "lost communication with the server". */
  lostAfter: number;
  /** From asking a runner to cancel a job to cancelling the job without the runner. */
  cancellation: number;
  /** Longest time in the queue. */
  queueLife: number;
  /** Longest time until a runner that waits for messages gets a response. */
  longPoll: number;
  /** Until an ephemeral runner that is offline is removed. */
  ephemeralOffline: number;
  /** Until any other runner that is offline is removed. */
  offlineLife: number;
  /** Until an online JIT runner without a job is removed; null when GitHub never removes it. */
  idleJitLife: number | null;
  registrationToken: number;
  installationToken: number;
  /** From the event to the delivery of its webhook. */
  webhook: Latency;
  /** Time within which a receiver has to respond. */
  webhookAnswer: number;
  /** Time after which a budget is full again. */
  rateWindow: number;
  /** By how much lists of runs, jobs and runners are out of date. */
  listLag: number;
  /** By how much `busy` is out of date, both ways. */
  busyLag: number;
}

export interface AppOptions {
  id: number;
  slug: string;
  /** PEM; with it the App's signature is verified, without it any signature is accepted. */
  publicKey: string | null;
  permissions: Readonly<Record<string, 'read' | 'write'>>;
  /** Accounts on which it is installed, by installation id. */
  installations: Readonly<Record<number, string>>;
}

/** What a token may do. What is left out is not restricted. */
export interface TokenOptions {
  login?: string;
  /** Makes it a classic token. */
  scopes?: readonly string[];
  /** Makes it a fine-grained one. */
  permissions?: Readonly<Record<string, 'read' | 'write'>>;
  /** `owner/name` of the repositories that it can see. */
  repositories?: readonly string[];
}

export interface GitHubOptions {
  /** null is github.com; otherwise an Enterprise Server of this version, with its API below `/api/v3`. */
  enterpriseVersion: string | null;
  /** False makes generate-jitconfig return 404, as Enterprise Server did before 3.10. */
  hasJit: boolean;
  /** `any` accepts every token as a classic one with all scopes. */
  tokens: 'any' | Readonly<Record<string, TokenOptions>>;
  app: AppOptions | null;
  /**
   * Requests an hour (`timings.rateWindow`) for each user or installation; null counts none, which is the
   * default of Enterprise Server.
   */
  rateLimit: number | null;
  /** Older runners are refused when they connect. */
  minimumRunnerVersion: string | null;
  /** Until when a version of the runner is accepted, by version; epoch ms. */
  runnerEnds: Readonly<Record<string, number>>;
  /** Number of assignments without a pick-up after which the job is cancelled. */
  pickUps: number;
  /** Which of its jobs the status of a run follows; both were seen. */
  runStatusFollows: 'leastAdvanced' | 'mostAdvanced';
  /**
   * A runner can be deleted in the middle of a job while its late `busy` still says no; this was seen too.
   */
  deletionTrustsBusy: boolean;
  timings: Timings;
}

const HOUR = 3_600_000;

const DEFAULTS: GitHubOptions = {
  enterpriseVersion: null,
  hasJit: true,
  tokens: 'any',
  app: null,
  rateLimit: 5_000,
  minimumRunnerVersion: null,
  runnerEnds: {},
  pickUps: 3,
  runStatusFollows: 'leastAdvanced',
  deletionTrustsBusy: false,
  timings: {
    assignment: 0,
    pickUp: 60_000,
    offlineAfter: 60_000,
    lostAfter: 10 * 60_000,
    cancellation: 5 * 60_000,
    queueLife: 24 * HOUR,
    longPoll: 50_000,
    ephemeralOffline: 24 * HOUR,
    offlineLife: 14 * 24 * HOUR,
    idleJitLife: null,
    registrationToken: HOUR,
    installationToken: HOUR,
    webhook: [5, 30],
    webhookAnswer: 10_000,
    rateWindow: HOUR,
    listLag: 0,
    busyLag: 0,
  },
};

/** What a caller may set; the rest keeps its default. */
export type GitHubSettings = Partial<Omit<GitHubOptions, 'timings'> & { timings: Partial<Timings> }>;

/** Fills in the defaults. */
export function gitHubOptions(settings: GitHubSettings = {}): GitHubOptions {
  return { ...DEFAULTS, ...settings, timings: { ...DEFAULTS.timings, ...settings.timings } };
}
