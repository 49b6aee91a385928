import type { Controller, Controllers } from './controllers.ts';

/** One time of a controller as the active one. */
export interface Turn {
  epoch: number;
  /** Such as `controller 2`. */
  name: string;
}

/** A process of a controller. */
export interface Spawned {
  /** A later process may have the same. */
  pid: number | undefined;
  /** Epoch ms. */
  at: number;
  /** Such as `controller 2`. */
  name: string;
}

/** Returns the active times that the journal tells, in order. `spawned`: all processes, in order. */
export async function turnsOf({ place }: Controllers, spawned: readonly Spawned[]): Promise<Turn[]> {
  const { rows } = await place.ask(
    "select value ->> 'at' as at, value #>> '{detail,epoch}' as epoch, value #>> '{detail,controller}' as controller from jeballto_runner.journal where value ->> 'kind' = 'daemon' order by key",
  );
  return rows.map(({ at, epoch, controller }) => {
    const [, process] = /process (\d+)$/.exec(String(controller)) ?? [];
    const its = spawned.findLast((one) => one.pid === Number(process) && one.at <= Number(at));
    return { epoch: Number(epoch), name: its?.name ?? String(controller) };
  });
}

/**
 * Returns what speaks against "one acts at a time", as sentences: `acted` has those that sent something to the Mac, in
 * order. Nobody acts again after another one began, until it has the lease again.
 */
export function outOfTurn(acted: readonly Controller['name'][], turns: readonly Turn[]): string[] {
  const wrong = turns.flatMap(({ epoch }, n) =>
    epoch > (turns[n - 1]?.epoch ?? 0) ? [] : [`epoch ${epoch} came after ${turns[n - 1]?.epoch}`],
  );
  let at = 0;
  for (const name of acted) {
    const next = turns.findIndex((turn, n) => n >= at && turn.name === name);
    if (next < 0) return [...wrong, `${name} sent something after its turn`];
    at = next;
  }
  return wrong;
}
