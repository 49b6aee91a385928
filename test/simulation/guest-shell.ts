import type { ScriptResult } from '../../src/guest/guest-session.ts';
import { CONNECT_ERROR_LINE, LISTENING_LINE } from '../../src/guest/scripts/runner-log.ts';
import { LONGEST_LISTENING_WAIT } from '../../src/guest/scripts/status.ts';
import type { GitHubWorld } from '../../src/simulator/github/github-world.ts';
import { Refusal } from '../../src/simulator/github/refusal.ts';
import { organizationOf, repositoryOf } from '../../src/simulator/github/repositories.ts';
import { runnerFiles } from '../../src/simulator/github/runners/jit-config.ts';
import { registerByToken } from '../../src/simulator/github/runners/registration.ts';
import { mayRegister } from '../../src/simulator/github/runners/registration-tokens.ts';
import type { Scope } from '../../src/simulator/github/runners/runners.ts';
import { RUNNER_VERSION } from '../../src/simulator/guest/runner-scripts.ts';
import type { LaunchedRunner, MemoryGuest } from './memory-guest.ts';
import type { Credentials } from './runner-process.ts';

export interface ShellCall {
  script: string;
  args: readonly string[];
  stdin: string;
  /** Ends a script that waits. */
  signal: AbortSignal;
}

/**
 * Each of the daemon's scripts, recognized by what only it prints; throws on an unknown script instead of
 * guessing.
 */
const SCRIPTS: [mark: string, answer: (guest: MemoryGuest, call: ShellCall) => string | Promise<string>][] = [
  ['echo "system: ', probe],
  ['jeballto-launch:', launch],
  ['jeballto-activity:', activity],
  ['until=$2', watch],
  ['jeballto-state:', status],
];

/** Returns what the guest's shell would print for one of the daemon's scripts, from the guest's memory. */
export async function runInGuest(guest: MemoryGuest, call: ShellCall): Promise<ScriptResult> {
  const found = SCRIPTS.find(([mark]) => call.script.includes(mark));
  if (!found) throw new Error(`the simulated guest does not know this script: ${call.script.slice(0, 200)}`);
  return { code: 0, signal: null, stdout: await found[1](guest, call), stderr: '' };
}

function probe({ plan, github }: MemoryGuest, { args }: ShellCall): string {
  const { missingTools = [], runnerTrouble } = plan;
  const lacking: string[] = [...missingTools];
  if (runnerTrouble === 'badCpu' || runnerTrouble === 'killed') lacking.push('bin/Runner.Listener');
  const lacks = lacking.map((tool) => `lacks: ${tool}\n`).join('');
  const seconds = Math.floor(github.clock.now() / 1000) + (plan.clockSkewSeconds ?? 0);
  return `\n${lacks}path: ${args[0]}\nversion: ${RUNNER_VERSION}\nsystem: Darwin arm64 ${seconds}\n`;
}

/** In token mode `config.sh` exchanges the token for credentials of its own runner. */
function launch(guest: MemoryGuest, { args, stdin }: ShellCall): string {
  const [name = '', , , mode] = args;
  if (guest.runners.has(name)) return '\njeballto-launch: exists\n';
  const files = mode === 'jit' ? filesOf(stdin.trim()) : registered(guest, name, stdin.trim(), args);
  guest.launch(name, files && credentialsOf(files));
  return files
    ? '\njeballto-launch: started\n'
    : '\njeballto-launch: config-failed 1\nHttp response code: NotFound\n';
}

function registered(
  { github }: MemoryGuest,
  name: string,
  token: string,
  args: readonly string[],
): Files | null {
  const after = (flag: string) => args[args.indexOf(flag) + 1] ?? '';
  try {
    const scope = scopeAt(github, after('--url'));
    if (!mayRegister(github, token, scope)) return null;
    const runner = registerByToken(github, scope, {
      name,
      labels: after('--labels').split(','),
      group: null,
      ephemeral: true,
      replace: false,
      hasDefaultLabels: true,
      workFolder: '_work',
    });
    return runnerFiles(github, runner);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

function scopeAt(github: GitHubWorld, url: string): Scope {
  const [owner = '', name] = new URL(url).pathname.slice(1).split('/');
  return name === undefined
    ? { kind: 'organization', account: organizationOf(github, owner) }
    : { kind: 'repository', repository: repositoryOf(github, owner, name) };
}

function activity(guest: MemoryGuest, { args }: ShellCall): string {
  const runner = guest.runners.get(args[0] ?? '');
  const worker = guest.isWorking ? 'yes' : 'no';
  return `\njeballto-activity: worker=${worker} job=${runner?.isWorking ? 'open' : 'none'}\n`;
}

function status(guest: MemoryGuest, { args }: ShellCall): string {
  const runner = guest.runners.get(args[0] ?? '');
  return `\njeballto-state: ${stateOf(runner)}\n${runner?.log ?? ''}`;
}

async function watch(guest: MemoryGuest, call: ShellCall): Promise<string> {
  const [name = '', until] = call.args;
  const runner = guest.runners.get(name);
  const { clock } = guest.github;
  const latest = until === 'listening' ? clock.now() + LONGEST_LISTENING_WAIT : Infinity;
  while (runner && !isOver(runner, until) && clock.now() < latest) {
    await new Promise<void>((resolve, reject) => {
      const callOff = latest < Infinity ? clock.alarm(latest, resolve) : () => undefined;
      runner.watchers.add(() => {
        callOff();
        resolve();
      });
      call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true });
    });
  }
  return status(guest, call);
}

/** The lines for which the script greps. */
const LISTENED_FOR = new RegExp(`${LISTENING_LINE}|${CONNECT_ERROR_LINE}`, 'm');

function isOver({ process, tookJob, log }: LaunchedRunner, until: string | undefined): boolean {
  if (process !== 'running') return true;
  if (until === 'exit') return false;
  return tookJob || (until === 'listening' && LISTENED_FOR.test(log));
}

function stateOf(runner: LaunchedRunner | undefined): string {
  if (!runner) return 'absent';
  return runner.process === 'exited' ? `exited ${runner.exitCode}` : runner.process;
}

type Files = Record<string, unknown>;

const decoded = (text: unknown) => JSON.parse(Buffer.from(String(text), 'base64').toString());

function filesOf(jitConfig: string): Files {
  const files: Files = decoded(jitConfig);
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, decoded(content)]));
}

function credentialsOf(files: Files): Credentials {
  const { Data } = files['.credentials'] as { Data: { clientId: string } };
  const { d } = files['.credentials_rsaparams'] as { d: string };
  return { clientId: Data.clientId, secret: Buffer.from(d, 'base64').toString() };
}
