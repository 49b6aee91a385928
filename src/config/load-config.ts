import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { ConfigError, type ConfigProblem, type KeyProblem } from './config-error.ts';
import { configWarnings } from './config-warnings.ts';
import { type Config, configSchema } from './schema.ts';
import { describeIssue, problemsOf } from './schema-issues.ts';
import { DEFAULT_AGENT_URL } from './sections/agent-keys.ts';
import { isMap, leavesOf, pathText } from './sections/sections.ts';
import { readConfigFile } from './sources/config-file.ts';
import { discoverAgent } from './sources/discover-agent.ts';
import { applyEnvironment, type Environment } from './sources/environment.ts';
import { localPath, resolveReferences } from './sources/references.ts';

export interface LoadedConfig {
  config: Config;
  /** What is allowed but probably not intended; for the operator to read. */
  warnings: ConfigProblem[];
}

/**
 * Loads the configuration of a JSON or YAML file and applies the environment to it. Paths become absolute,
 * `${NAME}` in secrets is replaced. Throws a ConfigError that names every problem at once.
 */
export function loadConfig({ path, env }: { path: string; env: Environment }): LoadedConfig {
  const { content, lineOf } = readConfigFile(path);
  const { origins, ...environment } = applyEnvironment(content, env);
  const folders = { home: env.HOME || homedir(), folder: dirname(resolve(path)) };
  const discovered = fillInAgent(content, folders.home, origins);
  const unresolved = resolveReferences(content, { env, origins, ...folders });
  const parsed = configSchema.safeParse(content, { error: describeIssue });

  /** The problems of the file in its order, after those of values from environment variables. */
  const located = (keyProblems: KeyProblem[]): ConfigProblem[] =>
    keyProblems
      .map(({ path: key, message }) => {
        const text = pathText(key);
        const origin = origins.get(text);
        const line = origin ? 0 : lineOf(key);
        return { line, problem: { at: origin ?? (line ? `${path}:${line}` : path), path: text, message } };
      })
      .sort((one, other) => one.line - other.line)
      .map(({ problem }) => problem);

  const invalid = parsed.success ? [] : problemsOf(parsed.error.issues);
  const problems = [
    ...environment.problems,
    ...located([...unresolved, ...withoutRepeated(unresolved, invalid)]),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const config = parsed.data;
  for (const { facts, value, set } of leavesOf(config)) {
    if (facts.local === 'folder') set(localPath(String(value), folders));
  }
  return {
    config,
    warnings: [...environment.warnings, ...discovered, ...located(configWarnings(config))],
  };
}

/** The schema refuses an unresolved reference a second time; that second problem is dropped. */
function withoutRepeated(unresolved: KeyProblem[], invalid: KeyProblem[]): KeyProblem[] {
  const keys = new Set(unresolved.map(({ path }) => pathText(path)));
  return invalid.filter(({ path }) => !keys.has(pathText(path)));
}

/** Fills in the address of an agent on this Mac when nothing else gives one. */
function fillInAgent(
  content: Record<string, unknown>,
  home: string,
  origins: Map<string, string>,
): ConfigProblem[] {
  const jeballto = content.jeballto ?? {};
  if (content.hosts !== undefined || !isMap(jeballto) || 'base_url' in jeballto) return [];
  const agent = discoverAgent(home);
  if (!agent) return [];
  if (agent.baseUrl === null) {
    const message = `the agent's config file holds no usable api.host and api.port, so ${DEFAULT_AGENT_URL} is used. Set jeballto.base_url if the agent is elsewhere.`;
    return [{ at: agent.file, path: 'jeballto.base_url', message }];
  }
  content.jeballto = { ...jeballto, base_url: agent.baseUrl };
  origins.set('jeballto.base_url', agent.file);
  return [];
}
