import type { Logger } from 'pino';
import { type Actor, createActor, fromPromise } from 'xstate';
import {
  createHostMachine,
  type HostLook,
  type HostMachine,
  type HostPolicy,
  type HostSnapshot,
} from '../../machines/host.ts';
import { topState } from '../../machines/state-path.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import { UNREADABLE } from '../agent/vm-state.ts';
import type { Clock } from '../clock.ts';
import { span } from '../format.js';
import type { HostSilences } from '../store/tables/hosts/host-silences.ts';
import { waitUntil } from '../wait-until.ts';

export interface HostsOptions {
  hosts: { name: string; client: AgentClient; maxVms: number }[];
  policy: HostPolicy;
  silences: Pick<HostSilences, 'of' | 'put'>;
  clock: Clock;
  log: Logger;
  /** Called after every look and every change of state. */
  onChange(name: string, snapshot: HostSnapshot): void;
}

/** The Macs, each with its own actor. Their state is what the last look showed, so it is not stored. */
export class Hosts {
  readonly #actors = new Map<string, Actor<HostMachine>>();
  readonly #options: HostsOptions;

  constructor(options: HostsOptions) {
    this.#options = options;
    const { hosts, policy, clock, silences } = options;
    const machine = createHostMachine({ policy, now: () => clock.now() });
    for (const { name, client, maxVms } of hosts) {
      const provided = machine.provide({
        actors: {
          lookAtHost: fromPromise(({ signal }) => lookAtHost(client, maxVms, signal)),
          waitUntil: waitUntil(clock),
        },
      });
      const actor = createActor(provided, { id: name, input: { name, silentFor: silences.of(name) } });
      this.#watch(name, actor);
      this.#actors.set(name, actor);
    }
  }

  start(): void {
    for (const actor of this.#actors.values()) actor.start();
  }

  stop(): void {
    for (const actor of this.#actors.values()) actor.stop();
  }

  /** Something has changed on the host: looks now instead of at the next interval. */
  look(name: string): void {
    this.#actors.get(name)?.send({ type: 'look.requested' });
  }

  *all(): IterableIterator<{ name: string; snapshot: HostSnapshot }> {
    for (const [name, actor] of this.#actors) yield { name, snapshot: actor.getSnapshot() };
  }

  /** Null for a name that the config does not have. */
  snapshotOf(name: string): HostSnapshot | null {
    return this.#actors.get(name)?.getSnapshot() ?? null;
  }

  #watch(name: string, actor: Actor<HostMachine>): void {
    const { log, onChange, silences } = this.#options;
    let last = '';
    let look: HostLook | null = null;
    let restarts = 0;
    actor.subscribe({
      next: (snapshot) => {
        const { context } = snapshot;
        const state = topState(snapshot.value);
        silences.put(name, context.silentFor);
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

async function lookAtHost(client: AgentClient, maxVms: number, signal: AbortSignal): Promise<HostLook> {
  const [health, capabilities, { vms, unreadable }] = await Promise.all([
    client.health({ signal }),
    client.capabilities({ signal }),
    client.lookAtVms({ signal }),
  ]);
  return {
    version: health.version,
    uptime: health.uptime,
    slots: Math.min(maxVms, capabilities.maxConcurrentVMs),
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
