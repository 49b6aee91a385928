import type { BootPlan } from './boot-plan.ts';

/** A guest whose virtual hardware runs. */
export interface Guest {
  /** Loopback port of the guest's own SSH server: what the real agent reaches at the NAT address, port 22. */
  readonly port: number;
  /** Power cut: every process in the guest is gone when it resolves. */
  stop(): Promise<void>;
}

/** One of the agent's forwarded ports. */
export interface PortForward {
  readonly port: number;
  readonly listening: boolean;
  /** Cuts the present connections and goes on listening. */
  cut(): void;
  /** Stops listening and cuts all connections. */
  close(): Promise<void>;
}

export interface GuestCommand {
  command: string;
  user: string;
  /** Null logs in with the agent user's keys; the simulated user has none. */
  password: string | null;
}

export interface GuestCommandResult {
  /** 255 when SSH itself failed. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Everything about a simulated Mac that is not the agent's own logic: real sockets and processes on loopback, or
 * plain memory when the whole world runs in one process on virtual time.
 */
export interface Hypervisor {
  /** Powers on a VM's hardware. Rejects when it does not start. */
  powerOn(vm: { id: string; name: string }, plan: BootPlan): Promise<Guest>;
  /**
   * Listens on `port` (0: any) and connects onward to the port that `target` gives at the moment of the
   * connection; while that is null, connections are accepted and stay silent. Rejects when the port is taken.
   */
  forward(port: number, target: () => number | null): Promise<PortForward>;
  /** Runs a command through a forwarded port. A login that fails is a result, not a rejection. */
  execute(port: number, command: GuestCommand, signal: AbortSignal): Promise<GuestCommandResult>;
}
