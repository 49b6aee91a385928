import type { JobSnapshot } from '../../../machines/job.ts';
import { type Pause, pauseAfter } from '../../../machines/pause.ts';
import type { Clock } from '../../clock.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import type { FreeHost } from '../schedule.ts';
import { soonest } from '../soonest.ts';

/** How long a host that refused a start gets no further VM; milliseconds. */
const PAUSE: Pause = { first: 30_000, longest: 10 * 60_000 };

/**
 * Hosts that refused to start a VM although their list shows room: a VM in `error` whose runtime is alive
 * uses a slot that no list shows. A VM that waits there moves as soon as another host has room.
 */
export class FullHosts {
  readonly #clock: Clock;
  readonly #hosts = new Map<string, { refusals: number; until: number }>();
  readonly #waiting = new Set<string>();
  /** Actors whose VM is up: only a VM that comes up shows that a host has room. */
  readonly #up = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  jobChanged(key: string, snapshot: JobSnapshot): void {
    const host = snapshot.context.vm?.host;
    const isWaiting = snapshot.hasTag('hostFull');
    const isUp = snapshot.hasTag('provisioned');
    if (host && isUp && !this.#up.has(key)) this.#hosts.delete(host);
    if (isUp && snapshot.status === 'active') this.#up.add(key);
    else this.#up.delete(key);
    if (host && isWaiting && !this.#waiting.has(key)) {
      const refusals = (this.#hosts.get(host)?.refusals ?? 0) + 1;
      this.#hosts.set(host, { refusals, until: this.#clock.now() + pauseAfter(PAUSE, refusals - 1) });
    }
    if (isWaiting && snapshot.status === 'active') this.#waiting.add(key);
    else this.#waiting.delete(key);
  }

  /** An actor is gone without a final state. */
  jobGone(key: string): void {
    this.#waiting.delete(key);
    this.#up.delete(key);
  }

  isFull(host: string): boolean {
    return (this.#hosts.get(host)?.until ?? 0) > this.#clock.now();
  }

  /** Epoch ms at which the first of the full hosts is tried again; null when none is full. */
  nextAt(): number | null {
    const now = this.#clock.now();
    return soonest([...this.#hosts.values()].map(({ until }) => until).filter((until) => until > now));
  }

  /** Actors whose VM waits for a full host. */
  waiting(): string[] {
    return [...this.#waiting];
  }

  /** Actors that wait for a full host, while other hosts have room that no queued job wants. */
  movable(
    actors: JobActors,
    left: readonly FreeHost[],
    mayGo: (key: string, host: string) => boolean = () => true,
  ): string[] {
    const room = new Map(left.map(({ name, free }) => [name, free]));
    return [...this.#waiting].filter((key) => {
      const host = actors.snapshotOf(key)?.context.vm?.host;
      if (host === undefined) return false;
      const other = [...room].find(([name, free]) => name !== host && free > 0 && mayGo(key, name));
      if (other) room.set(other[0], other[1] - 1);
      return other !== undefined;
    });
  }
}
