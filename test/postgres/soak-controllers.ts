import { counted } from '../../src/format.js';
import { refuseUsage, scriptOptions, wholeNumber } from '../support/script-options.ts';
import { type Ending, killControllers, type Round } from './kill-controllers.ts';
import { migratedServer, whyNoServer } from './migrated-server.ts';

// Kills, stops and freezes controllers for a given time while jobs come. The tests with PostgreSQL play the same for
// four rounds.

const USAGE = `npm run soak:controllers -- [options]
  --minutes N   how long controllers are ended (60); then the last jobs end
  --seed N      draws who is ended how, and after how many requests (17)
`;

const values = scriptOptions(USAGE, {
  minutes: { type: 'string', default: '60' },
  seed: { type: 'string', default: '17' },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) refuseUsage(USAGE, '--minutes takes a number above 0.');
const seed = wholeNumber(USAGE, '--seed', values.seed);
const missing = whyNoServer();
if (missing !== null) {
  process.stderr.write(`The soak needs PostgreSQL, but ${missing}.\n`);
  process.exit(1);
}

/** One round in five ends a standby, which may have webhooks under way. */
function drawn(random: () => number): Ending {
  if (random() < 0.2) return { who: 'standby', how: random() < 0.5 ? 'SIGKILL' : 'SIGTERM' };
  const hows = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const;
  return { who: 'active', how: hows[Math.floor(random() * hows.length)] ?? 'SIGKILL' };
}

function lineOf({ number, how, who, ended, takeOver, jobs }: Round): string {
  const time = `${((performance.now() - began) / 60_000).toFixed(1).padStart(6)} min`;
  const then = takeOver === null ? '' : `, another one active after ${(takeOver / 1000).toFixed(1)} s`;
  return `${time}  round ${number}: ${how} to ${ended} (${who})${then}; ${counted(jobs, 'job')} over`;
}

function spreadOf(rounds: readonly Round[], how: Ending['how']): string {
  const times = rounds.flatMap((one) => (one.how === how && one.takeOver !== null ? [one.takeOver] : []));
  times.sort((a, b) => a - b);
  const at = (share: number) => ((times[Math.ceil(share * times.length) - 1] ?? 0) / 1000).toFixed(1);
  return times.length === 0
    ? ''
    : `take-over after ${how}: p50 ${at(0.5)} s, longest ${at(1)} s (${counted(times.length, 'time')})\n`;
}

// A signal alone would end this process before what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const server = await migratedServer();
const began = performance.now();
try {
  const { rounds, jobs, vmsCreated, neverStarted, refused, epochs, wrong } = await killControllers({
    ...{ serverPort: server.port, seed },
    next: (_, random) => (performance.now() - began < minutes * 60_000 ? drawn(random) : null),
    onRound: (round) => process.stdout.write(`${lineOf(round)}\n`),
  });
  for (const how of ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const) process.stdout.write(spreadOf(rounds, how));
  process.stdout.write(
    `${counted(rounds.length, 'round')}, ${counted(epochs, 'epoch')}, ${counted(jobs, 'job')}, ${counted(vmsCreated, 'VM')} made of which ${neverStarted} never started, ${counted(refused, 'webhook')} sent again\n`,
  );
  for (const sentence of wrong) process.stdout.write(`WRONG: ${sentence}\n`);
  process.stdout.write(wrong.length === 0 ? 'nothing was lost, and nothing is left\n' : '');
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await server.remove();
}
