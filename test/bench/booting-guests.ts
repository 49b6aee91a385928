import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { openGuest } from '../../src/guest/open-guest.ts';
import { startSshGuest } from '../../src/simulator/guest/ssh-guest.ts';
import { openTcpForward } from '../../src/simulator/guest/tcp-forward.ts';
import type { BenchOptions, Measure, RowResult } from './measure.ts';

/** Milliseconds that the agent waits for a banner before it says that a guest answers. */
const AGENT_PATIENCE = 4_000;

interface Boot {
  /** Milliseconds until sshd runs: an earlier connection stays silent for ever. */
  sshd: number;
  /** Milliseconds from each connection to its banner. */
  banner: number;
}

/**
 * The connections that a booting guest gets until a login succeeds: from outside, an early one and a slow
 * guest look alike.
 */
export async function bootingGuests({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const share = quick ? 0.1 : 1;
  const boots: [name: string, boot: Boot, connections: number][] = [
    ['asked 8 s before its sshd runs', { sshd: 8_000 * share, banner: 0 }, 15],
    ['whose banner takes 3 s', { sshd: 0, banner: 3_000 * share }, 12],
    ['whose banner takes 10 s, longer than the agent waits', { sshd: 0, banner: 10_000 * share }, 15],
  ];
  const measures = await Promise.all(
    boots.map(([name, boot, connections]) => measured(name, boot, connections, AGENT_PATIENCE * share)),
  );
  return { measures: measures.flat(), skipped: [] };
}

async function measured(name: string, boot: Boot, most: number, agentPatience: number): Promise<Measure[]> {
  const guest = await startSshGuest({
    ...{ vmId: 'vm-of-the-bench', user: 'admin', password: 'admin', plan: { bannerMs: boot.banner } },
  });
  const began = performance.now();
  const lasted = () => performance.now() - began;
  const forward = await openTcpForward(0, () => (lasted() < boot.sshd ? null : guest.port));
  const counter = await countingPort(forward.port);
  const isSeen = boot.banner <= agentPatience;
  const session = await openGuest({
    ...{ vmId: 'vm-of-the-bench', user: 'admin', password: 'admin', hostKey: null, connectTimeoutMs: 60_000 },
    address: async () => ({ host: '127.0.0.1', port: counter.port }),
    hasAnswered: async () => isSeen && lasted() >= boot.sshd + boot.banner,
  });
  const late = lasted() - boot.sshd - boot.banner;
  const { connections, bytes } = counter.counts();
  session.close();
  await counter.close();
  await forward.close();
  await guest.stop();
  const beside = `logged in ${(late / 1000).toFixed(1)} s after its first possible banner`;
  return [
    { name: `connections to a guest ${name}`, value: connections, unit: '', limit: { most }, beside },
    {
      name: 'bytes, both ways',
      value: bytes,
      unit: 'bytes',
      limit: { most: 4_000 },
      beside: 'a connection that is replaced carries none',
    },
  ];
}

/** A port that forwards to another one, and counts its connections. */
async function countingPort(target: number) {
  const sockets = new Set<Socket>();
  let connections = 0;
  let bytes = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket.setNoDelay(true));
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        bytes += chunk.length;
      });
  };
  const server = createServer((client) => {
    connections += 1;
    const guest = connect(target, '127.0.0.1');
    for (const socket of [client, guest]) keep(socket);
    client.pipe(guest).pipe(client);
    client.on('close', () => guest.destroy());
    guest.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    counts: () => ({ connections, bytes }),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
