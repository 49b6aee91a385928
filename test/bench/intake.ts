import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBenchConfig } from './bench-config.ts';
import { type Child, startChild } from './child.ts';
import { type LoadedServer, loadInTurn, ratesOf, ratioOfRates } from './load-in-turn.ts';
import type { BenchOptions, RowResult } from './measure.ts';
import { probotFolder } from './probot-folder.ts';

interface Server extends LoadedServer {
  name: string;
  child: Child;
}

/**
 * Webhooks per second, verified and durable, compared with servers that store nothing. All servers run at
 * once and are loaded in turn, round after round, so that other load on this machine affects each of them
 * alike.
 */
export async function intake({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-bench-'));
  const skipped: string[] = [];
  const servers: Server[] = [];
  const add = async (name: string, child: Child, url: Promise<string>) => {
    servers.push({ name, child, url: await url, rounds: [] });
  };
  const peer = (name: string, question: string, input?: unknown) => {
    const child = startChild('webhook-servers.ts');
    return add(name, child, child.ask(question, input));
  };
  try {
    const config = await writeBenchConfig(folder, []);
    const daemon = startChild('bench-daemon.ts', [config.path, 'still']);
    await add(
      'daemon',
      daemon,
      daemon.ask('start').then(() => config.webhookUrl),
    );
    await peer('same route', 'sameRoute');
    await peer('node:http', 'bareNode');
    if (quick) skipped.push('Probot: not in a quick run');
    else await addProbot(peer, skipped);

    await loadInTurn(servers, quick);
    return { measures: measuresOf(servers), skipped };
  } finally {
    for (const { child } of servers) await child[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

async function addProbot(
  peer: (name: string, question: string, input: unknown) => Promise<void>,
  skipped: string[],
) {
  try {
    await peer('Probot', 'probot', { folder: await probotFolder() });
  } catch (error) {
    skipped.push(`Probot: ${String(error).split('\n')[0]}`);
  }
}

function measuresOf(servers: Server[]): RowResult['measures'] {
  const [ours, ...peers] = servers;
  if (!ours) return [];
  const limits: Record<string, number> = { 'same route': 0.7, Probot: 1 };
  return peers.map((peer) => ({
    name: `durable webhooks a second, to ${WORDS[peer.name] ?? peer.name}`,
    value: ratioOfRates(ours, peer),
    unit: '×',
    limit: peer.name in limits ? { least: limits[peer.name] ?? 0 } : null,
    beside: `${ratesOf(ours)} to ${ratesOf(peer)}`,
  }));
}

const WORDS: Record<string, string> = {
  'same route': 'the same route that stores nothing',
  'node:http': 'bare node:http with HMAC',
  Probot: 'Probot with an empty handler',
};
