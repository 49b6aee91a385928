/**
 * The parts of the daemon's work that can be in trouble. The set is closed, so that it can be the label of a
 * metric.
 */
export const HEALTH_SUBJECTS = [
  'store',
  'daemon',
  'hosts',
  'host',
  'polling',
  'repository',
  'budget',
  'profile',
  'github',
  'registration',
  'pull',
  'pair',
] as const;

export type HealthSubject = (typeof HEALTH_SUBJECTS)[number];

/** A part of the daemon's work that is in trouble. */
export interface HealthScope {
  what: HealthSubject;
  /** Name of the host, repository, profile and so on; empty when there is only one. */
  name: string;
  /** What is wrong, for people; it may quote GitHub or an agent. */
  sentence: string;
  /** Epoch ms; null when it has been so since the start. */
  since: number | null;
  /** Who can end it, as a sentence. */
  whoActs: string;
  /** While it lasts, no job at all can be served, or nothing can be stored. */
  stops: boolean;
}

/** Law 15: how far the daemon serves, as all reports say. */
export interface Health {
  /** A job that is queued now can be served, as far as the daemon, its hosts and GitHub are concerned. */
  ready: boolean;
  /** Something is in trouble, whether or not the rest is served. */
  degraded: boolean;
  /**
   * What the daemon does can be written down. Only when this is false does a restart of the daemon make
   * sense.
   */
  canStore: boolean;
  /** What is in trouble, the worst first. */
  scopes: HealthScope[];
  ages: SuccessAge[];
}

/** The age of the last success of something that has to succeed again and again. */
export interface SuccessAge {
  what: 'polling' | 'host' | 'profile';
  /** The repository, `active jobs`, the host or the profile. */
  name: string;
  /** Milliseconds; since the start of the daemon when it never succeeded. */
  age: number;
}

/** Returns why nothing can be served or stored; empty where the daemon is ready. */
export const reasonsOf = ({ scopes }: Pick<Health, 'scopes'>): string[] =>
  scopes.filter(({ stops }) => stops).map(({ sentence }) => sentence);
