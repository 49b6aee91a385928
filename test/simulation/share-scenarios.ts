import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import pMap from 'p-map';
import { noTally, type Tally } from './play-scenarios.ts';

/**
 * Numbers that one process plays: enough to warm up, few enough that all processes end at about the same
 * time.
 */
const SHARE = 200;

/**
 * Milliseconds after which a share that is not done counts as hanging; it would otherwise only use more
 * memory.
 */
const LONGEST_SHARE = 60 * 60_000;

/** Inside the project, so that the libraries can be found from there. */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache');

export interface Range {
  from: number;
  count: number;
}

/**
 * Plays a range of numbers in as many processes as there are workers, each a child that runs this program.
 */
export async function shareScenarios(
  { from, count }: Range,
  workers: number,
  argsFor: (share: Range) => string[],
  print: (line: string) => void,
): Promise<Tally> {
  const size = Math.min(SHARE, Math.ceil(count / workers));
  const shares: Range[] = [];
  for (let n = 0; n < count; n += size) shares.push({ from: from + n, count: Math.min(size, count - n) });
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'seeds-'));
  const tallies = await bundle(process.argv[1] as string, join(folder, 'seeds.mjs'))
    .then((program) =>
      pMap(shares, (share) => playElsewhere(program, argsFor(share), print), { concurrency: workers }),
    )
    .finally(() => rm(folder, { recursive: true }));
  return tallies.reduce((sum, tally) => {
    const { scenarios, jobs, served, vms, vmsInVain, lives, takeOvers, cpu, failed } = tally;
    return {
      scenarios: sum.scenarios + scenarios,
      jobs: sum.jobs + jobs,
      served: sum.served + served,
      vms: sum.vms + vms,
      vmsInVain: sum.vmsInVain + vmsInVain,
      lives: sum.lives + lives,
      takeOvers: sum.takeOvers + takeOvers,
      cpu: sum.cpu + cpu,
      failed: [...sum.failed, ...failed],
    };
  }, noTally());
}

/**
 * Bundles all our code into one file: tsx takes seconds to load each file separately, in every process, and
 * makes each new function store its name, which costs 5 % of a run.
 */
async function bundle(program: string, outfile: string): Promise<string> {
  const options = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const;
  await build({ ...options, entryPoints: [program], outfile, logLevel: 'error' });
  return outfile;
}

function playElsewhere(program: string, args: string[], print: (line: string) => void): Promise<Tally> {
  const child = fork(program, args, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // Nearly everything that a scenario makes is dropped at once: with more room for it, less has to be
    // moved. There is a process for each core, so helper threads for garbage collection would only wait for
    // one another.
    execArgv: ['--max-semi-space-size=64', '--single-threaded-gc'],
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
