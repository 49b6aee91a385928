import { guestIdentityChanged, guestUnreachable, loginFailure } from '../../src/guest/guest-failure.ts';
import type { GuestLogin } from '../../src/guest/guest-session.ts';
import type { GuestAddress, GuestOptions } from '../../src/guest/open-guest.ts';
import type { Hypervisor } from '../../src/simulator/agent/hypervisor.ts';
import type { GitHubWorld } from '../../src/simulator/github/github-world.ts';
import { runInGuest } from './guest-shell.ts';
import { firstOf } from './life.ts';
import { MemoryGuest } from './memory-guest.ts';
import type { RunnerManners, WorkEnd } from './runner-process.ts';

export interface MemoryMacOptions {
  name: string;
  github: GitHubWorld;
  /** Drawn for each boot: how its runner behaves. */
  manners(): RunnerManners;
  /** Milliseconds of one step over the network, drawn for each step. */
  latency(): number;
  /** Called with each VM in which a runner is launched. */
  launched?(vmName: string, runnerName: string): void;
  /** Called with each VM whose runner takes a job. */
  tookJob?(vmName: string): void;
  /** Called when the work on a job in a VM is over. */
  worked?(vmName: string, runnerName: string, jobId: number, how: WorkEnd): void;
}

/** A Mac's hardware in memory: its guests, and the ports that lead to them. */
export class MemoryMac {
  readonly #options: MemoryMacOptions;
  readonly #guests = new Map<number, MemoryGuest>();
  readonly #ports = new Map<number, () => number | null>();
  #given = 40_000;

  constructor(options: MemoryMacOptions) {
    this.#options = options;
  }

  readonly hypervisor: Hypervisor = {
    powerOn: async ({ name: vmName }, plan) => {
      const { github, manners, launched, tookJob, worked } = this.#options;
      this.#given += 1;
      const port = this.#given;
      const guest = new MemoryGuest({
        port,
        vmName,
        plan,
        manners: manners(),
        github,
        launched: (runnerName) => launched?.(vmName, runnerName),
        tookJob: () => tookJob?.(vmName),
        worked: (runnerName, jobId, how) => worked?.(vmName, runnerName, jobId, how),
      });
      this.#guests.set(port, guest);
      guest.off.signal.addEventListener('abort', () => this.#guests.delete(port));
      return guest;
    },
    forward: async (port, target) => {
      const ports = this.#ports;
      ports.set(port, target);
      return {
        port,
        get listening() {
          return ports.get(port) === target;
        },
        cut: () => undefined,
        close: async () => void ports.delete(port),
      };
    },
    execute: async (port, { command }, signal) => {
      const guest = this.#guestBehind(port);
      if (!guest) return { exitCode: 255, stdout: '', stderr: 'ssh: connection refused\n' };
      const runner = /'([^']+)'$/.exec(command)?.[1] ?? '';
      const { stdout, stderr } = await runInGuest(guest, {
        script: command,
        args: [runner],
        stdin: '',
        signal,
      });
      return { exitCode: 0, stdout, stderr };
    },
  };

  /** The guest of a VM, while it has power. */
  guestOf(vmName: string): MemoryGuest | null {
    return [...this.#guests.values()].find((guest) => guest.vmName === vmName) ?? null;
  }

  /** Logs in as `openGuest` does over SSH, with the same failures. */
  async openGuest(options: Omit<GuestOptions, 'address'> & { address: GuestAddress }): Promise<GuestLogin> {
    const { address, user, hostKey, signal, password, connectTimeoutMs } = options;
    const target = { ...address, user };
    await this.#pause(signal);
    if (!this.#ports.has(address.port)) throw guestUnreachable(target, 'ECONNREFUSED');
    const guest = this.#guestBehind(address.port);
    const { clock } = this.#options.github;
    const silence = guest ? (guest.plan.bannerMs ?? 0) : Number.POSITIVE_INFINITY;
    await clock.sleepUntil(clock.now() + Math.min(silence, connectTimeoutMs), signal);
    if (!guest || silence >= connectTimeoutMs) throw guestUnreachable(target, 'it said nothing');
    const presented = guest.nextHostKey();
    if (hostKey !== null && hostKey !== presented) throw guestIdentityChanged(target);
    if (guest.plan.refuseLogin || password !== SSH_PASSWORD) {
      throw loginFailure(Object.assign(new Error('refused'), { level: 'client-authentication' }), target);
    }
    return {
      hostKey: presented,
      run: async (script, { args = [], stdin = '', signal: stop } = {}) => {
        const { signal: stops, letGo } = firstOf(guest.off.signal, stop);
        try {
          await this.#pause(stops);
          const result = await runInGuest(guest, { script, args, stdin, signal: stops });
          await this.#pause(stops);
          return result;
        } catch (error) {
          if (!guest.off.signal.aborted || stop?.aborted) throw error;
          throw guestUnreachable(target, 'it closed the connection while a command ran');
        } finally {
          letGo();
        }
      },
      isOpen: () => !guest.off.signal.aborted,
      close: () => undefined,
    };
  }

  #guestBehind(port: number): MemoryGuest | null {
    const guestPort = this.#ports.get(port)?.() ?? null;
    return guestPort === null ? null : (this.#guests.get(guestPort) ?? null);
  }

  #pause(signal: AbortSignal | undefined): Promise<void> {
    const { github, latency } = this.#options;
    return github.clock.sleepUntil(github.clock.now() + latency(), signal);
  }
}

/** The password of every guest; a secret that must not appear anywhere. */
export const SSH_PASSWORD = 'correct-horse-battery-staple';
