import { afterEach, beforeEach } from 'vitest';
import { Guest } from '../../src/guest/guest.ts';
import type { GuestSession } from '../../src/guest/guest-session.ts';
import { openGuest } from '../../src/guest/open-guest.ts';
import { GuestHome } from './guest-home.ts';

export interface GuestServer {
  address: { host: string; port: number };
  user: string;
  password?: string;
  privateKey?: string;
  /** Cuts the connections, as a lost network would. */
  cut(): void;
  close(): Promise<void>;
}

export type StartGuest = (home: string) => Promise<GuestServer>;

/** A new guest and a login in it for each test of the surrounding block. */
export class GuestFixture {
  home!: GuestHome;
  server!: GuestServer;
  session!: GuestSession;

  constructor(start: StartGuest) {
    beforeEach(async () => {
      this.home = new GuestHome();
      this.server = await start(this.home.path);
      this.session = await this.open();
    });
    afterEach(async () => {
      this.session.close();
      await this.server.close();
      this.home.close();
    });
  }

  open(hostKey: string | null = null): Promise<GuestSession> {
    const address = async () => this.server.address;
    return openGuest({ ...this.server, vmId: 'vm', address, connectTimeoutMs: 10_000, hostKey });
  }

  /** The guest over the current login. */
  inside(installPath = '~/actions runner', signal = new AbortController().signal): Guest {
    return new Guest(this.session, installPath, signal);
  }

  /** Loses the connection and logs in again. */
  async reconnect(): Promise<void> {
    this.server.cut();
    this.session = await this.open();
  }
}
