/** What of the daemon's work can be in trouble; closed, so that it may be the label of a metric. */
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

/** A part of the daemon's work that does not go as it should. */
export interface HealthScope {
  what: HealthSubject;
  /** Of the host, repository, profile and so on; empty where there is only one. */
  name: string;
  /** What is wrong, for people; it may quote GitHub or an agent. */
  sentence: string;
  /** Epoch ms; null where it never was otherwise since the start. */
  since: number | null;
  /** Who can end it, as a sentence. */
  whoActs: string;
  /** While it lasts, no job at all can be served, or nothing can be stored. */
  stops: boolean;
}

/** Law 15: how far the daemon serves, as everything that tells of it says. */
export interface Health {
  /** A job that is queued now can be served, as far as the daemon, its hosts and GitHub are concerned. */
  ready: boolean;
  /** Something is in trouble, whether or not the rest is served. */
  degraded: boolean;
  /** What is done can be written down. Nothing else is a reason to start the daemon again. */
  canStore: boolean;
  /** What is in trouble, the worst first. */
  scopes: HealthScope[];
  ages: SuccessAge[];
}

/** How long ago something went well that has to go well again and again. */
export interface SuccessAge {
  what: 'polling' | 'host' | 'profile';
  /** The repository, `active jobs`, the host or the profile. */
  name: string;
  /** Milliseconds; since the start of the daemon where it never went well. */
  age: number;
}

/** Why nothing can be served or stored; empty where the daemon is ready. */
export const reasonsOf = ({ scopes }: Pick<Health, 'scopes'>): string[] =>
  scopes.filter(({ stops }) => stops).map(({ sentence }) => sentence);
