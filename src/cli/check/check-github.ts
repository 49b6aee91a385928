import { accessSync, constants } from 'node:fs';
import type { RunnerScope } from '../../../machines/job/context.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { connectGitHub } from '../../controller/outside/connections.ts';
import { proxyFor } from '../../controller/outside/proxy-for.ts';
import type { GitHub } from '../../github/github.ts';
import { about, type Finding, sentenceOf } from './finding.ts';

/** Tries the requests that the daemon will send to GitHub, except those that create or change something. */
export async function checkGitHub(
  config: Config,
  { env, clock }: { env: NodeJS.ProcessEnv; clock: Clock },
): Promise<Finding[]> {
  const { ok, wrong, note } = about('github');
  const { owner } = config.github;
  const repositories = config.github.repositories.map((fullName) => {
    const [account = '', repository = ''] = fullName.split('/');
    return { owner: account, repository };
  });
  const scopes: RunnerScope[] =
    config.runner.scope === 'organization'
      ? [{ kind: 'organization', owner }]
      : repositories.map((full) => ({ kind: 'repository', ...full }));
  let github: GitHub;
  try {
    github = connectGitHub(config, { clock, env });
  } catch (error) {
    return [wrong(sentenceOf(error))];
  }
  const report = await github.checkAccess({ scopes, repositories });
  const findings = report.findings.map(({ ok: isFine, message }) =>
    (isFine === null ? note : isFine ? ok : wrong)(message),
  );
  findings.unshift(...checkNetwork(config, env));
  const isHopeless = report.findings.some(({ ends }) => ends);
  for (const scope of isHopeless ? [] : scopes.filter(({ kind }) => kind === 'organization')) {
    const { group } = config.runner;
    const found = github.resolveGroupId(scope, group).then(
      () => ok(`The runner group "${group}" exists.`),
      (error: unknown) => wrong(sentenceOf(error)),
    );
    findings.push(await found);
  }
  return findings;
}

/** The variables of the environment that decide how GitHub is reached. */
function checkNetwork({ github }: Config, env: NodeJS.ProcessEnv): Finding[] {
  const { ok, wrong } = about('github');
  const findings: Finding[] = [];
  const proxy = proxyFor(github.api_url, env);
  if (proxy) {
    findings.push(
      ok(
        `GitHub is reached through the proxy ${proxy.origin} (${proxy.variable}); agents are called directly.`,
      ),
    );
  }
  const certificates = env.NODE_EXTRA_CA_CERTS;
  if (!certificates) return findings;
  try {
    accessSync(certificates, constants.R_OK);
    findings.push(ok(`The CAs in ${certificates} (NODE_EXTRA_CA_CERTS) are trusted as well.`));
  } catch {
    findings.push(
      wrong(
        `NODE_EXTRA_CA_CERTS names ${certificates}, which cannot be read, so its CAs are not trusted: correct the variable.`,
      ),
    );
  }
  return findings;
}
