import type { Logger } from 'pino';
import { type Actor, createActor, fromPromise } from 'xstate';
import {
  createHostMachine,
  type HostEvent,
  type HostMachine,
  type HostPolicy,
  type HostSnapshot,
} from '../../machines/host.ts';
import type { HostLook } from '../../machines/host-look.ts';
import { topState } from '../../machines/state-path.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import { UNREADABLE } from '../agent/vm-state.ts';
import type { Clock } from '../clock.ts';
import { span } from '../format.js';
import type { HostProofs } from '../store/tables/hosts/host-proofs.ts';
import type { HostSilences } from '../store/tables/hosts/host-silences.ts';
import { waitUntil } from '../wait-until.ts';
import { SlotLimit } from './slot-limit.ts';

export interface HostsOptions {
  hosts: HostGiven[];
  policy: HostPolicy;
  silences: Pick<HostSilences, 'of' | 'put'>;
  proofs: Pick<HostProofs, 'of' | 'put'>;
  clock: Clock;
  log: Logger;
  /** Called after every look and every change of state. */
  onChange(name: string, snapshot: HostSnapshot): void;
  /** The hosts of the earlier config, which are stopped. */
  before?: Hosts | null;
}

export interface HostGiven {
  name: string;
  client: AgentClient;
  maxVms: number;
  /** It is the same Mac as in the earlier config, so what was seen of it is still valid. */
  isSame?: boolean;
}

/** The Macs, each with its own actor. Their state is what the last look showed, so it is not stored. */
export class Hosts {
  readonly #actors = new Map<string, Actor<HostMachine>>();
  /** The snapshots at `stop`. The snapshot of a stopped actor cannot be started again. */
  readonly #last = new Map<string, HostSnapshot>();
  readonly #options: Omit<HostsOptions, 'before'>;
  #heardLast: number | null = null;

  constructor({ before = null, ...options }: HostsOptions) {
    this.#options = options;
    const { hosts, policy, clock, silences, proofs } = options;
    const machine = createHostMachine({
      policy,
      now: () => clock.now(),
      heardLast: () => this.#heardLast,
    });
    for (const { name, client, maxVms, isSame = false } of hosts) {
      const limit = new SlotLimit(client);
      const provided = machine.provide({
        actors: {
          lookAtHost: fromPromise(({ input: { asksForMaintenance }, signal }) =>
            lookAtHost(client, limit, maxVms, asksForMaintenance, signal),
          ),
          waitUntil: waitUntil(clock),
        },
      });
      const seenAt = before?.snapshotOf(name)?.context.seenAt ?? null;
      const last = isSame && before ? before.#last.get(name) : undefined;
      const actor = createActor(provided, {
        id: name,
        input: { name, silentFor: silences.of(name), proof: proofs.of(name), seenAt },
        ...(last && { snapshot: withSlots(last, maxVms) }),
      });
      this.#watch(name, actor);
      this.#actors.set(name, actor);
    }
  }

  /** Begins to look. `heardLast`: epoch ms at which an earlier daemon was last known to run; null without one. */
  start(heardLast: number | null = null): void {
    this.#heardLast = heardLast;
    for (const { name, client } of this.#options.hosts)
      client.whenInMaintenance(() => this.tell(name, { type: 'maintenance.seen' }));
    for (const actor of this.#actors.values()) actor.start();
  }

  stop(): void {
    for (const [name, actor] of this.#actors) {
      if (this.#last.has(name)) continue;
      this.#last.set(name, actor.getPersistedSnapshot() as HostSnapshot);
      actor.stop();
    }
  }

  /** The host is no longer looked at, and no longer in any list. */
  remove(name: string): void {
    this.#actors.get(name)?.stop();
    this.#actors.delete(name);
  }

  /** Something has changed on the host: looks now instead of at the next interval. */
  look(name: string): void {
    this.tell(name, { type: 'look.requested' });
  }

  /** Passes a fact on to a host. A name that the config does not have is ignored. */
  tell(name: string, event: HostEvent): void {
    this.#actors.get(name)?.send(event);
  }

  *all(): IterableIterator<{ name: string; snapshot: HostSnapshot }> {
    for (const [name, actor] of this.#actors) yield { name, snapshot: actor.getSnapshot() };
  }

  /** Null for a name that the config does not have. */
  snapshotOf(name: string): HostSnapshot | null {
    return this.#actors.get(name)?.getSnapshot() ?? null;
  }

  #watch(name: string, actor: Actor<HostMachine>): void {
    const { log, onChange, silences, proofs } = this.#options;
    // What the earlier snapshot shows was reported before the reload.
    const { value, context: known } = actor.getSnapshot();
    let last = known.look === null ? '' : topState(value);
    let look = known.look;
    let restarts = known.restartsSeen;
    actor.subscribe({
      next: (snapshot) => {
        const { context } = snapshot;
        const state = topState(snapshot.value);
        silences.put(name, context.silentFor);
        proofs.put(name, context.proof);
        if (context.restartsSeen > restarts) {
          restarts = context.restartsSeen;
          log.warn(
            { host: name, uptime: context.look?.uptime },
            `host ${name}: its agent was restarted ${span((context.look?.uptime ?? 0) * 1000)} ago, which ended every VM of this daemon there`,
          );
        }
        if (state !== last) {
          const failure = context.failure;
          log[failure ? 'warn' : 'info'](
            { host: name, state, version: context.look?.version, ...(failure && { failure }) },
            `host ${name}: ${last || 'new'} → ${state}${failure ? `: ${failure.message}` : ''}`,
          );
        }
        if (state !== last || context.look !== look) {
          last = state;
          look = context.look;
          onChange(name, snapshot);
        }
      },
      error: (error) => log.error({ host: name, err: error }, `host ${name}: its state machine failed`),
    });
  }
}

/** The agent's own limit is not known apart from ours, so the next look has to find more slots again. */
function withSlots(snapshot: HostSnapshot, maxVms: number): HostSnapshot {
  const { context } = snapshot;
  const look = context.look && { ...context.look, slots: Math.min(context.look.slots, maxVms) };
  return { ...snapshot, context: { ...context, look } } as HostSnapshot;
}

async function lookAtHost(
  client: AgentClient,
  limit: SlotLimit,
  maxVms: number,
  asksForMaintenance: boolean,
  signal: AbortSignal,
): Promise<HostLook> {
  const asked = client.health({ signal });
  const [health, slots, { vms, unreadable }, isInMaintenance] = await Promise.all([
    asked,
    asked.then((health) => limit.of(health, signal)),
    client.lookAtVms({ signal }),
    asksForMaintenance ? client.isInMaintenance({ signal }) : null,
  ]);

  return {
    version: health.version,
    uptime: health.uptime,
    slots: Math.min(maxVms, slots),
    isInMaintenance,
    vms: [
      ...vms.map(({ id, name, state, createdAt }) => ({ id, name, state, createdAt })),
      ...unreadable.map(({ id, name }) => ({
        id: id ?? '',
        name: name ?? '',
        state: UNREADABLE,
        createdAt: 0,
      })),
    ],
  };
}
