/** One of the controllers by its place, from 0 on, or the one that is active then. */
export type Who = number | 'active';

/** Something that happens to the database or to a controller. Milliseconds; `at` counts from the beginning. */
export type ControllerIncident = {
  at: number;
  lasts: number;
} /** The server stops at once, and is there again at the end. */ & (
  | { what: 'databaseStops' }
  /** A backup that was made so long ago is restored; meanwhile no controller runs. */
  | { what: 'databaseRestored' }
  /** Nothing passes between a controller and the database. */
  | { what: 'cutFromDatabase'; who: Who }
  /** Nothing of a controller reaches anybody. */
  | { what: 'cutOff'; who: Who }
  /** The process is stopped, or its machine sleeps; not every machine's clock counts that time. */
  | { what: 'frozen'; who: Who; isCounted: boolean }
  /** Killed, or ended in order; the next start comes at the end. */
  | { what: 'killed' | 'handsOver'; who: Who }
);

/** Chances in [0, 1) of what happens to one statement on its way. */
export interface StatementChances {
  /** It does not arrive. */
  lost: number;
  /** It is done, and its result does not arrive. */
  unanswered: number;
  /** It arrives up to half a minute late, perhaps after it was given up. */
  late: number;
  /** The same for the batches of records alone. */
  lateBatches: number;
}

/** Several controllers on one database; plain data. */
export interface PlannedControllers {
  /** Of each controller's machine: milliseconds by which its clock is ahead, and how fast its clocks run. */
  machines: { aheadBy: number; rate: number }[];
  /** Length of the lease in milliseconds. */
  lease: number;
  statements: StatementChances;
  /** Chance that a request which left a controller arrives up to 25 s late. */
  lateRequests: number;
  /** A controller is stopped at a crash point, right after what it has just sent, or before it learns the result. */
  freezes: { point: number; lasts: number; isCounted: boolean }[];
  incidents: ControllerIncident[];
  /** After this, every statement and every request arrives in time. */
  troubledUntil: number;
}
