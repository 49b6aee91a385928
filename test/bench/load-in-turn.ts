import { BENCH_SECRET } from './bench-config.ts';
import { delivery } from './delivery.ts';
import { type LoadResult, load } from './load.ts';
import { percentile, spread } from './measure.ts';

export interface LoadedServer {
  url: string;
  rounds: LoadResult[];
}

/** Rounds before the measurement, in which the code of all servers is compiled. */
const WARM_UP = 2;
const MEASURED = 4;

/** Jobs that no label of the config matches, as most deliveries of an organization are. */
const deliveries = () =>
  Array.from({ length: 200 }, (_, id) =>
    delivery(BENCH_SECRET, { id: id + 1, status: 'queued', labels: ['ubuntu-latest'] }),
  );

/**
 * Loads servers in turn, round after round, so that other load on this machine affects each of them alike, and adds the
 * measured rounds to each.
 */
export async function loadInTurn(servers: readonly LoadedServer[], quick: boolean): Promise<void> {
  const plan = { connections: 128, ms: quick ? 200 : 1_500 };
  for (let round = 0; round < (quick ? 1 : WARM_UP + MEASURED); round += 1) {
    for (const server of servers) {
      const result = await load({ url: server.url, deliveries: deliveries(), ...plan });
      if (quick || round >= WARM_UP) server.rounds.push(result);
    }
  }
}

/** The median of the rounds. */
export const ratioOfRates = (ours: LoadedServer, peer: LoadedServer): number =>
  middle(ours.rounds.map(({ rate }, round) => rate / (peer.rounds[round]?.rate ?? Number.NaN)));

/** `7618/s (p50 15.8 ms, p99 35.4 ms)`. */
export const ratesOf = ({ rounds }: LoadedServer): string =>
  `${Math.round(middle(rounds.map(({ rate }) => rate)))}/s (${spread(rounds.flatMap(({ times }) => times))})`;

const middle = (values: number[]) => percentile(values, 0.5);
