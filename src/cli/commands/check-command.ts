import { ConfigError, problemLine } from '../../config/config-error.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import { checkGitHub } from '../check/check-github.ts';
import { checkHost } from '../check/check-host.ts';
import { checkStore } from '../check/check-store.ts';
import { about, type Finding, findingLine } from '../check/finding.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';

/** Checks everything that the daemon needs and prints what is wrong and how to fix it. Changes nothing. */
export async function checkCommand(
  { config: path, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const { findings, exitCode } = await examine(path, terminal);
  if (json) {
    terminal.out(JSON.stringify({ ok: exitCode === ExitCode.ok, findings }));
    return exitCode;
  }
  const width = Math.max(...findings.map((finding) => finding.about.length));
  for (const finding of findings) terminal.out(findingLine(finding, width));
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong').length;
  terminal.out(wrong === 0 ? 'All is well.' : `${wrong} thing(s) to mend, marked ✗.`);
  return exitCode;
}

async function examine(path: string | undefined, { env, clock }: Terminal) {
  let loaded: ReturnType<typeof readConfig>;
  try {
    loaded = readConfig(path, { env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { wrong } = about('config');
    const problems = error.problems.map((problem) => wrong(problemLine(problem)));
    return { findings: problems, exitCode: ExitCode.config };
  }
  const { config } = loaded;
  const groups: Finding[][] = await Promise.all([
    checkConfig(loaded),
    ...config.hosts.map((host) => checkHost(host, config, { env, clock })),
    checkGitHub(config, { env, clock }),
    checkStore(config, clock),
  ]);
  const findings = groups.flat();
  const isWell = findings.every(({ verdict }) => verdict !== 'wrong');
  return { findings, exitCode: isWell ? ExitCode.ok : ExitCode.failed };
}

/** The findings about a configuration that could be loaded. */
export function checkConfig({ config, warnings, path }: LoadedConfig & { path: string }): Finding[] {
  const { ok, wrong, note } = about('config');
  const { mode } = config.controller;
  const labels = Object.keys(config.labels);
  const hosts = config.hosts.map(({ name }) => name);
  return [
    ok(`${path} is valid: mode ${mode}, hosts ${hosts.join(', ')}, labels ${labels.join(', ')}.`),
    ...(config.github.webhook_secret === undefined || mode === 'poll'
      ? []
      : [ok(`Webhook deliveries are verified with ${secretsIn(config.github.webhook_secret)}.`)]),
    ...warnings.map((warning) => {
      // Without polling and without a secret the daemon would never notice a job.
      const isFatal = warning.path === 'github.webhook_secret' && mode === 'webhook';
      return (isFatal ? wrong : note)(problemLine(warning));
    }),
  ];
}

function secretsIn(secret: string | readonly string[]): string {
  const count = [secret].flat().length;
  return count === 1 ? 'github.webhook_secret' : `any of the ${count} secrets in github.webhook_secret`;
}
