import { readFileSync } from 'node:fs';
import { AgentClient } from '../../agent/agent-client.ts';
import type { Clock } from '../../clock.ts';
import { agentTokenProblem } from '../../config/sections/agent-keys.ts';
import { appKeyProblem } from '../../config/sources/app-key.ts';
import { imageReferenceProblem } from '../../config/values/image-reference.ts';
import { proxyFor } from '../../controller/outside/proxy-for.ts';
import type { GitHubAuth } from '../../github/access/connect-octokit.ts';
import { createGitHub, type GitHub } from '../../github/github.ts';
import { agentHealth } from '../check/agent-health.ts';
import { UsageError } from '../command.ts';

/** Milliseconds for one answer of the agent; short, since a person waits for it. */
const READ_TIMEOUT_MS = 5_000;

export interface Found<Value> {
  value: Value;
  /** A sentence for the person who asked. */
  found: string;
}

export interface Repository {
  owner: string;
  repository: string;
}

/**
 * Tries each answer of `init` at the agent or at GitHub, and changes nothing there except the webhook. With
 * `isChecked` false it checks only the form of an answer. Every method throws a UsageError or a DaemonError
 * for people.
 */
export class Outside {
  readonly #clock: Clock;
  readonly #env: NodeJS.ProcessEnv;
  readonly #isChecked: boolean;

  constructor({ clock, env, isChecked }: { clock: Clock; env: NodeJS.ProcessEnv; isChecked: boolean }) {
    this.#clock = clock;
    this.#env = env;
    this.#isChecked = isChecked;
  }

  /**
   * Returns the value of the variable for an answer of the form `${NAME}`, as in a config. Throws when it is
   * not set.
   */
  secret(answer: string): string {
    const name = /^\$\{(\w+)\}$/.exec(answer)?.[1];
    if (name === undefined) return answer;
    const value = this.#env[name];
    if (value) return value;
    throw new UsageError(`The variable ${name} is not set.`);
  }

  async agentUrl(answer: string): Promise<Found<string>> {
    const url = answer.replace(/\/+$/, '').replace(/(?<!\/v1)$/, '/v1');
    if (!URL.canParse(url) || !/^https?:\/\//.test(url)) {
      throw new UsageError(`"${answer}" is not an address: write it as http://127.0.0.1:8011/v1.`);
    }
    if (!this.#isChecked) return { value: url, found: '' };
    const { version } = await this.#agent(url, '', agentHealth);
    return { value: url, found: `The agent ${version} answers at ${url}.` };
  }

  /** Returns the token together with the references of the images that are on the Mac. */
  async agentToken(url: string, answer: string): Promise<Found<{ token: string; images: string[] }>> {
    const token = this.secret(answer);
    const problem = agentTokenProblem(token);
    if (problem) throw new UsageError(`The token ${problem}`);
    if (!this.#isChecked) return { value: { token: answer, images: [] }, found: '' };
    const images = await this.#agent(url, token, async (agent) => {
      await agent.verifyToken();
      return agent.listImages();
    });
    return {
      value: { token: answer, images: images.map(({ reference }) => reference) },
      found: 'The agent accepts the token.',
    };
  }

  async image(answer: string, local: readonly string[]): Promise<Found<string>> {
    const problem = imageReferenceProblem(answer);
    if (problem) throw new UsageError(`"${answer}" is not an image reference. ${problem}`);
    if (!this.#isChecked) return { value: answer, found: '' };
    const found = local.includes(answer)
      ? `The image ${answer} is on the Mac.`
      : `The image ${answer} is not on the Mac yet: the first job waits for its pull.`;
    return { value: answer, found };
  }

  async appKey(answer: string): Promise<Found<string>> {
    let problem: string | null;
    try {
      problem = appKeyProblem(answer);
    } catch (error) {
      throw new UsageError(`${answer} cannot be read: ${(error as Error).message}`);
    }
    if (problem) throw new UsageError(`${answer} ${problem}`);
    return { value: answer, found: '' };
  }

  /** Returns a client of GitHub with this credential, after GitHub accepted it. */
  async github(
    apiUrl: string,
    auth: GitHubAuth | { appId: number; installationId: number; keyPath: string },
  ): Promise<Found<GitHub>> {
    const withKey =
      'keyPath' in auth
        ? {
            appId: auth.appId,
            installationId: auth.installationId,
            privateKey: readFileSync(auth.keyPath, 'utf8'),
          }
        : auth;
    const proxy = proxyFor(apiUrl, this.#env);
    const github = createGitHub({ apiUrl, auth: withKey, clock: this.#clock, proxy });
    if (!this.#isChecked) return { value: github, found: '' };
    const { findings } = await github.checkAccess({ scopes: [], repositories: [] });
    return { value: github, found: sentences(findings) };
  }

  async repository(github: GitHub, answer: string): Promise<Found<Repository>> {
    const [, owner, repository] =
      /^(?:https:\/\/[^/]+\/)?([\w-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(answer) ?? [];
    if (owner === undefined || repository === undefined) {
      throw new UsageError(`"${answer}" is not a repository: write it as owner/name.`);
    }
    const value = { owner, repository };
    if (!this.#isChecked) return { value, found: '' };
    const scope = { kind: 'repository' as const, ...value };
    const { findings } = await github.checkAccess({ scopes: [scope], repositories: [value] });
    // The first finding is about the credential, which was checked before.
    return { value, found: sentences(findings.slice(1)) };
  }

  async #agent<Result>(
    baseUrl: string,
    token: string,
    use: (agent: AgentClient) => Promise<Result>,
  ): Promise<Result> {
    const agent = new AgentClient({ name: 'local', baseUrl, token, readTimeoutMs: READ_TIMEOUT_MS });
    try {
      return await use(agent);
    } finally {
      await agent.close();
    }
  }
}

/** What was found, or a UsageError with the first thing that is wrong: what follows often has the same cause. */
function sentences(findings: readonly { ok: boolean | null; message: string }[]): string {
  const wrong = findings.find(({ ok }) => ok === false);
  if (wrong) throw new UsageError(wrong.message);
  return findings.map(({ message }) => message).join(' ');
}
