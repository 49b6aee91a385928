import { Gauge, type Registry } from 'prom-client';

/** One of several controllers on a database, in figures. */
export interface ControllerFigures {
  isActive: boolean;
  /** The epoch of the database's fence, as far as this controller knows; null before it is known. */
  epoch: number | null;
  /** How often this process has become the active one. */
  takeOvers: number;
  /** Milliseconds since the last renewal of its lease; null while it stands by. */
  leaseAge: number | null;
  /** Deliveries in the inbox of the database; null before they were counted. */
  inbox: number | null;
  /** Milliseconds that the last write to the database took; null before the first. */
  lastWrite: number | null;
}

const GAUGES: [name: string, help: string, read: (figures: ControllerFigures) => number | null][] = [
  ['active', 'Whether this controller is the active one: 1 or 0.', ({ isActive }) => Number(isActive)],
  ['epoch', 'The epoch: it grows with each take-over.', ({ epoch }) => epoch],
  [
    'take_overs_total',
    'How often this process has become the active controller.',
    ({ takeOvers }) => takeOvers,
  ],
  [
    'lease_age_seconds',
    'Age of the last renewal of the lease of the active controller.',
    ({ leaseAge }) => seconds(leaseAge),
  ],
  [
    'inbox_deliveries',
    'Deliveries that standbys took and the active controller has not handled.',
    ({ inbox }) => inbox,
  ],
  [
    'database_write_seconds',
    'How long the last write to the database took.',
    ({ lastWrite }) => seconds(lastWrite),
  ],
];

/** Metrics of one of several controllers; every one of them reports these about itself. */
export function addControllerMetrics(
  prefix: string,
  registry: Registry,
  figures: () => ControllerFigures,
): void {
  for (const [name, help, read] of GAUGES) {
    new Gauge({
      name: `${prefix}controller_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        const value = read(figures());
        if (value !== null) this.set(value);
      },
    });
  }
}

const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);
