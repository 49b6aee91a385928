import { parseBaseName, parseResourceName } from '../../../machines/resource-name.ts';
import { AgentClient } from '../../agent/agent-client.ts';
import { isAtRest } from '../../agent/vm-state.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { resolveAgentToken } from '../../config/sources/agent-token.ts';
import { counted, span } from '../../format.js';
import { longUptime } from '../../health/long-uptimes.ts';
import { namePrefix } from '../../jobs/job-policy.ts';
import { agentHealth } from './agent-health.ts';
import { about, type Finding, sentenceOf } from './finding.ts';

/** Milliseconds without an answer after which the host counts as unreachable. */
const READ_TIMEOUT_MS = 10_000;

/** Capabilities of the agent that a job needs (agent source: each route names the one that it checks). */
const NEEDED_FEATURES = ['macOSVirtualization', 'natNetworking', 'portForwarding', 'ociImagePackaging'];

/** The agent gives times in whole seconds, and its clock may differ a little. */
const MAX_CLOCK_SKEW_MS = 30_000;

/** Checks one host in the way that the daemon will use it; changes nothing on it. */
export async function checkHost(
  host: Config['hosts'][number],
  config: Config,
  { env, clock }: { env: NodeJS.ProcessEnv; clock: Clock },
): Promise<Finding[]> {
  const { ok, wrong, note } = about(`host ${host.name}`);
  let token = '';
  const findings: Finding[] = [];
  try {
    token = await resolveAgentToken(host, env);
  } catch (error) {
    findings.push(wrong(sentenceOf(error)));
  }
  const agent = new AgentClient({
    name: host.name,
    baseUrl: host.base_url,
    token,
    readTimeoutMs: READ_TIMEOUT_MS,
    clock,
  });
  try {
    const { version, uptime } = await agentHealth(agent);
    findings.push(
      ok(`The agent ${version} answers at ${host.base_url}, and it started ${span(uptime * 1000)} ago.`),
    );
    const long = longUptime(uptime * 1_000);
    if (long) findings.push(note(`Its agent ${long}: restart the Mac before its 49th day.`));
    if (token === '') return findings;
    await agent.verifyToken();
    findings.push(ok('It accepts the token.'));

    const { maxConcurrentVMs, features } = await agent.capabilities();
    const unusable = features.filter(({ id, usable }) => NEEDED_FEATURES.includes(id) && !usable);
    for (const { id, reason } of unusable) {
      findings.push(
        wrong(
          `It lacks the feature ${id}${reason ? ` (${reason})` : ''}, which every job needs: the owner of the Mac has to turn it on in the agent there, or update macOS or the agent.`,
        ),
      );
    }
    const slots = Math.min(host.max_concurrent_vms, maxConcurrentVMs);
    if (unusable.length === 0)
      findings.push(ok(`It has every feature that a job needs, and runs ${counted(slots, 'VM')} at once.`));

    if (config.controller.base_vms && !(await agent.offersClone())) {
      findings.push(note('It cannot clone VMs, so it gets no base VMs: each VM is created from its image.'));
    }

    const vms = await agent.listVms();
    const prefix = namePrefix(config.controller);
    const isOurs = (name: string) => Boolean(parseResourceName(prefix, name) ?? parseBaseName(prefix, name));
    const foreign = vms.filter(({ name, state }) => !isAtRest(state) && !isOurs(name));
    if (foreign.length > 0) {
      const names = foreign.map(({ name }) => name).join(', ');
      findings.push(
        note(
          `${counted(foreign.length, 'VM that is not of this daemon uses a slot', 'VMs that are not of this daemon use slots')}: ${names}.`,
        ),
      );
    }
    const ahead = Math.max(0, ...vms.map(({ createdAt }) => createdAt - clock.now()));
    if (ahead > MAX_CLOCK_SKEW_MS) {
      findings.push(
        wrong(
          `Its clock is at least ${span(ahead)} ahead of the clock of this machine: turn on automatic time on both.`,
        ),
      );
    }

    const local = new Set((await agent.listImages()).map(({ reference }) => reference));
    for (const image of new Set(Object.values(config.labels).map((profile) => profile.image))) {
      findings.push(
        local.has(image)
          ? ok(`The image ${image} is on the Mac.`)
          : note(`The image ${image} is not on the Mac yet: the first job waits for its pull.`),
      );
    }
  } catch (error) {
    findings.push(wrong(sentenceOf(error)));
  } finally {
    await agent.close();
  }
  return findings;
}
