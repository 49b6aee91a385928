import type { Clock } from '../../../clock.ts';
import type { AdminAddress } from '../../admin-client.ts';
import type { DaemonProcess } from './daemon-process.ts';

/** Milliseconds for a controller to say whether it is the active one. */
const PATIENCE_MS = 2_000;

/** One of the daemons of a demonstration. */
export interface DemoController {
  /** Such as `controller 2`, or `the daemon` when there is one alone. */
  name: string;
  process: DaemonProcess;
  admin: AdminAddress;
  config: { path: string; content: { hosts: { name: string }[]; controller: object } };
}

/**
 * The daemons of a demonstration, each in a process of its own: one alone, or several controllers on one database, of
 * which one is active.
 */
export class DemoControllers {
  readonly all: readonly DemoController[];
  readonly #clock: Clock;
  /** The one that was active when they were looked at last, or before that while none is. */
  #last: DemoController;
  #killedAt: number | null = null;
  /** Milliseconds from each kill until a controller was active again. */
  readonly takeOvers: number[] = [];
  kills = 0;

  constructor(all: readonly [DemoController, ...DemoController[]], clock: Clock) {
    this.all = all;
    this.#last = all[0];
    this.#clock = clock;
  }

  /** Whether one stands by while another one acts. */
  get areSeveral(): boolean {
    return this.all.length > 1;
  }

  get last(): DemoController {
    return this.#last;
  }

  /** One whose process has ended. */
  get ended(): DemoController | undefined {
    return this.all.find(({ process }) => process.ended !== null);
  }

  start(): void {
    for (const { process } of this.all) process.start();
  }

  /** Asks each of them. Returns the active one, or null while none is; `areUp` when each one answers. */
  async look(): Promise<{ active: DemoController | null; areUp: boolean }> {
    const roles = await Promise.all(this.all.map(roleOf));
    const active = this.all[roles.indexOf('active')] ?? null;
    if (active) {
      this.#last = active;
      if (this.#killedAt !== null) this.takeOvers.push(this.#clock.now() - this.#killedAt);
      this.#killedAt = null;
    }
    return { active, areUp: !roles.includes(null) };
  }

  /** Kills one with SIGKILL, unless something else has done that, and starts it again. */
  async restart(one: DemoController): Promise<void> {
    if (one === this.#last) this.#killedAt = this.#clock.now();
    await one.process.kill();
    this.kills += 1;
    one.process.start();
  }

  /** Makes each of them read its config again. */
  reload(): void {
    for (const { process } of this.all) process.reload();
  }

  /**
   * Sends SIGTERM to the standbys, and then to the active one, so that nobody takes over. Returns the first exit code that
   * is not 0, or null for a process that had to be killed after `timeoutMs`.
   */
  async stop(timeoutMs: number): Promise<number | null> {
    const standbys = this.all.filter((one) => one !== this.#last);
    const codes = await Promise.all(standbys.map(({ process }) => process.stop(timeoutMs)));
    codes.push(await this.#last.process.stop(timeoutMs));
    const bad = codes.find((code) => code !== 0);
    return bad === undefined ? 0 : bad;
  }

  /** Ends all of them at once. */
  async end(): Promise<void> {
    await Promise.all(this.all.map(({ process }) => process.kill()));
    for (const { process } of this.all) process.close();
  }
}

/** Null when it does not answer. A daemon without a database has no standbys. */
async function roleOf({ admin }: DemoController): Promise<string | null> {
  try {
    const response = await fetch(`${admin.url}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return ((await response.json()) as { role?: string }).role ?? 'active';
  } catch {
    return null;
  }
}
