import { ImageRollouts, type ImageRolloutsOptions } from '../../src/images/image-rollouts.ts';
import { ImageEntries } from '../../src/journal/entries/image-entries.ts';
import { createLog } from '../../src/log.ts';
import type { Rollout } from '../../src/store/tables/hosts/rollouts.ts';
import type { JournalEntry } from '../../src/store/tables/journal.ts';
import { ManualClock } from '../support/manual-clock.ts';

export const TAG = 'ghcr.io/acme/macos:latest';
export const PROFILE = 'mac';
/** A digest of one digit, and the image of a tag with it. */
export const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
export const pinned = (digit: string) => `ghcr.io/acme/macos@${digest(digit)}`;

export interface RolloutsFixture {
  /** Rows of the table, which outlive the process. */
  rows: Map<string, Rollout>;
  clock: ManualClock;
  /** Hosts that take jobs. */
  open: string[];
  /** Digests of a VM in which no runner has been online yet. */
  tried: Set<string>;
  /** Whether a host has what VMs of an image are made from; by default each has. */
  lacks: Set<string>;
  events: JournalEntry[];
  logged: string[];
  /** Starts a process: with another config, if one is given. */
  start(options?: { images?: Record<string, string>; hasBaseVms?: boolean }): ImageRollouts;
}

/** The decisions of one process after another, over rows in memory. */
export function rolloutsFixture(): RolloutsFixture {
  const rows = new Map<string, Rollout>();
  const clock = new ManualClock(1_790_000_000_000);
  const fixture: RolloutsFixture = {
    rows,
    clock,
    open: ['mac-1', 'mac-2'],
    tried: new Set(),
    lacks: new Set(),
    events: [],
    logged: [],
    start({ images = { [PROFILE]: TAG }, hasBaseVms = true } = {}) {
      const journal = {
        snapshot: (entry: JournalEntry) => fixture.events.push(entry),
        forget: () => undefined,
      };
      const options: ImageRolloutsOptions = {
        table: {
          of: (profile) => rows.get(profile) ?? null,
          all: () => rows.entries(),
          // As a store: the next process reads text.
          put: (profile, rollout) =>
            rollout === null ? rows.delete(profile) : rows.set(profile, JSON.parse(JSON.stringify(rollout))),
        },
        images: new Map(Object.entries(images)),
        hasBaseVms,
        entries: new ImageEntries(journal, clock),
        clock,
        log: createLog({
          level: 'info',
          format: 'json',
          secrets: [],
          destination: { write: (line) => fixture.logged.push(line) },
        }),
        openHosts: () => fixture.open,
        isReady: (host, _profile, image) => !fixture.lacks.has(`${host} ${image.digest}`),
        isTried: (_profile, of) => fixture.tried.has(of),
        onChange: () => undefined,
      };
      const rollouts = new ImageRollouts(options);
      rollouts.begin();
      return rollouts;
    },
  };
  return fixture;
}
