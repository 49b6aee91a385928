import { statSync } from 'node:fs';
import { sleepFor } from '../../clock.ts';
import { ConfigError, problemLine } from '../../config/config-error.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import { leavesOf } from '../../config/sections/sections.ts';
import { readConfigFile } from '../../config/sources/config-file.ts';
import { counted } from '../../format.js';
import { longUptime } from '../../health/long-uptimes.ts';
import { digestIn } from '../../images/image-reference.ts';
import { macUptime } from '../../mac-uptime.ts';
import { checkGitHub } from '../check/check-github.ts';
import { checkHost } from '../check/check-host.ts';
import { checkListeners } from '../check/check-listeners.ts';
import { checkStore } from '../check/check-store.ts';
import { about, type Finding, findingLine } from '../check/finding.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';

/** Milliseconds after which the command says which answers it waits for. */
const PATIENCE_MS = 2_000;

/** Findings about one part of the system. `asked` names that part for people. */
interface Part {
  asked: string;
  findings: Promise<Finding[]>;
}

/** Prints what is wrong with what `start` needs, and how to fix it; with `json`, all of it at the end. */
export async function checkCommand(
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  // With JSON the lines are left out: the findings say the same.
  const say = json ? () => undefined : terminal.out;
  const { exitCode, findings } = await checkAll(config, { ...terminal, out: say });
  if (json) terminal.out(JSON.stringify({ ok: exitCode === ExitCode.ok, findings }));
  return exitCode;
}

/**
 * Tries everything that `start` needs. Changes nothing. Prints each finding as soon as it and all before it
 * are known, so the order is always the same.
 */
export async function checkAll(
  path: string | undefined,
  terminal: Terminal,
): Promise<{ exitCode: number; findings: Finding[] }> {
  let loaded: ReturnType<typeof readConfig> | null = null;
  let parts: Part[];
  try {
    loaded = readConfig(path, terminal);
    parts = partsOf(loaded, terminal);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { wrong } = about('config');
    const problems = error.problems.map((problem) => wrong(problemLine(problem)));
    parts = [{ asked: 'the config', findings: Promise.resolve(problems) }];
  }
  const names = ['config', 'github', ...(loaded?.config.hosts ?? []).map(({ name }) => `host ${name}`)];
  const width = Math.max(...names.map((name) => name.length));
  const findings: Finding[] = [];
  const endProgress = tellProgress(parts, terminal);
  for (const part of parts) {
    const found = await part.findings;
    findings.push(...found);
    for (const finding of found) terminal.out(findingLine(finding, width));
  }
  endProgress();
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong').length;
  const exitCode = loaded === null ? ExitCode.config : wrong === 0 ? ExitCode.ok : ExitCode.failed;
  terminal.out(wrong === 0 ? 'All is well.' : `${counted(wrong, 'problem')} to fix, marked ✗.`);
  return { exitCode, findings };
}

/** Starts all checks at the same time. The ports come last: when a daemon runs, they are in use by it. */
function partsOf(loaded: LoadedConfig & { path: string }, { env, clock }: Terminal): Part[] {
  const { config } = loaded;
  const store = checkStore(config, clock);
  return [
    { asked: 'the config', findings: Promise.resolve(checkConfig(loaded)) },
    ...config.hosts.map((host) => ({
      asked: `the agent of ${host.name} at ${host.base_url}`,
      findings: checkHost(host, config, { env, clock }),
    })),
    { asked: `GitHub at ${config.github.api_url}`, findings: checkGitHub(config, { env, clock }) },
    { asked: 'the store', findings: store.then(({ findings }) => findings) },
    {
      asked: 'the ports',
      findings: store.then(({ isRunning }) => (isRunning ? [] : checkListeners(config))),
    },
  ];
}

/** Writes once to standard error which answers are still missing. Returns a function that prevents this. */
function tellProgress(parts: readonly Part[], { clock, err }: Terminal): () => void {
  const open = new Set(parts.map(({ asked }) => asked));
  const done = new AbortController();
  for (const { asked, findings } of parts) {
    const close = () => void open.delete(asked);
    findings.then(close, close);
  }
  sleepFor(clock, PATIENCE_MS, done.signal).then(
    () => open.size > 0 && err(`Waiting for ${[...open].join(', ')} …`),
    () => undefined,
  );
  return () => done.abort();
}

/** Returns the findings about a configuration that could be loaded. */
export function checkConfig({ config, warnings, path }: LoadedConfig & { path: string }): Finding[] {
  const { ok, wrong, note } = about('config');
  const { mode } = config.controller;
  const labels = Object.keys(config.labels);
  const hosts = config.hosts.map(({ name }) => name);
  return [
    ok(`${path} is valid: mode ${mode}, hosts ${hosts.join(', ')}, labels ${labels.join(', ')}.`),
    ...imageFindings(config),
    ...(config.github.webhook_secret === undefined || mode === 'poll'
      ? []
      : [ok(`Webhook deliveries are verified with ${secretsIn(config.github.webhook_secret)}.`)]),
    ...warnings.map((warning) => {
      // Without polling and without a secret the daemon would never notice a job.
      const isFatal = warning.path === 'github.webhook_secret' && mode === 'webhook';
      return (isFatal ? wrong : note)(problemLine(warning));
    }),
    ...uptimeFindings(macUptime()),
    ...(holdsSecrets(path) && isReadByOthers(path)
      ? [note(`${path} holds secrets, and other users of this machine can read it: chmod 600 ${path}`)]
      : []),
  ];
}

/** What is wrong with the Mac on which this runs. */
function uptimeFindings(seconds: number | null): Finding[] {
  const long = seconds === null ? null : longUptime(seconds * 1_000);
  return long ? [about('config').note(`This Mac ${long}: restart it before its 49th day.`)] : [];
}

/** True when the file itself holds a secret, and not only the name of a variable. */
function holdsSecrets(path: string): boolean {
  return [...leavesOf(readConfigFile(path).content)]
    .filter(({ facts }) => facts.secret)
    .flatMap(({ value }) => value)
    .some((value) => typeof value === 'string' && !value.startsWith('${'));
}

const isReadByOthers = (path: string) => (statSync(path).mode & 0o077) !== 0;

function secretsIn(secret: string | readonly string[]): string {
  const count = [secret].flat().length;
  return count === 1 ? 'github.webhook_secret' : `any of the ${count} secrets in github.webhook_secret`;
}

/** Which new images are not tried on one host first, and why. */
function imageFindings({ controller, labels }: LoadedConfig['config']): Finding[] {
  const atOnce = Object.entries(labels)
    .filter(([, { image }]) => !controller.base_vms && digestIn(image) === null)
    .map(([label]) => label);
  if (atOnce.length === 0) return [];
  return [
    about('config').ok(
      `A new image of ${atOnce.join(', ')} is used on every host at once, since the agents ask the registry for its tag at each VM: with controller.base_vms, or with a digest, it is tried on one host first.`,
    ),
  ];
}
