import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import pMap from 'p-map';
import { noTally, type Tally } from './play-scenarios.ts';

/** Numbers that one process plays: enough to warm up, few enough that the last ones end together. */
const SHARE = 200;

/** Milliseconds after which a share that is not done hangs in a scenario, which would else only show as memory. */
const LONGEST_SHARE = 60 * 60_000;

export interface Range {
  from: number;
  count: number;
}

/** Plays a range of numbers in as many processes as there are workers, each started as this one was. */
export async function shareScenarios(
  { from, count }: Range,
  workers: number,
  argsFor: (share: Range) => string[],
  print: (line: string) => void,
): Promise<Tally> {
  const size = Math.min(SHARE, Math.ceil(count / workers));
  const shares: Range[] = [];
  for (let n = 0; n < count; n += size) shares.push({ from: from + n, count: Math.min(size, count - n) });
  const tallies = await pMap(shares, (share) => playElsewhere(argsFor(share), print), {
    concurrency: workers,
  });
  return tallies.reduce((sum, tally) => {
    const { scenarios, jobs, served, vms, vmsInVain, lives, cpu, failed } = tally;
    return {
      scenarios: sum.scenarios + scenarios,
      jobs: sum.jobs + jobs,
      served: sum.served + served,
      vms: sum.vms + vms,
      vmsInVain: sum.vmsInVain + vmsInVain,
      lives: sum.lives + lives,
      cpu: sum.cpu + cpu,
      failed: [...sum.failed, ...failed],
    };
  }, noTally());
}

function playElsewhere(args: string[], print: (line: string) => void): Promise<Tally> {
  const child = fork(process.argv[1] as string, args, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // Nearly all that a scenario makes is dropped at once: the more fits, the less is moved. There is a process for each
    // core, so threads that help to collect would only wait for one another.
    execArgv: [...process.execArgv, '--max-semi-space-size=64', '--single-threaded-gc'],
    timeout: LONGEST_SHARE,
    killSignal: 'SIGKILL',
  });
  if (child.stdout) createInterface({ input: child.stdout }).on('line', print);
  return new Promise((resolve, reject) => {
    let tally: Tally | null = null;
    child.on('message', (message) => {
      tally = message as Tally;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const how = child.killed ? 'did not end: one of its scenarios hangs' : `ended with ${code}`;
      if (tally) resolve(tally);
      else reject(new Error(`a process that played ${args.join(' ')} ${how}`));
    });
  });
}
