import type { ConfigProblem } from '../config-error.ts';
import { type KeyFacts, keyFacts } from '../key.ts';
import { nearestName } from '../schema-issues.ts';
import { isMap, type KeyPath, pathText, SECTIONS } from '../sections/sections.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Variable {
  name: string;
  path: KeyPath;
  facts: KeyFacts;
}

const PREFIX = 'JEBALLTO_RUNNER_';

/**
 * One variable for each key that can be in the file only once: `controller.mode` has
 * `JEBALLTO_RUNNER_CONTROLLER_MODE`.
 */
export const VARIABLES: Variable[] = Object.entries(SECTIONS)
  .filter(([, { form }]) => form === 'one')
  .flatMap(([section, { keys }]) =>
    Object.entries(keys).flatMap(([key, schema]) => {
      const facts = keyFacts.get(schema);
      if (!facts || facts.form === 'command') return [];
      return [{ name: `${PREFIX}${section}_${key}`.toUpperCase(), path: [section, key], facts }];
    }),
  );

/** Returns the variable that sets the key; undefined when there is none. */
export function variableOf(path: KeyPath): string | undefined {
  return VARIABLES.find((variable) => pathText(variable.path) === pathText(path))?.name;
}

/** Returns the environment variable that holds the agent token of the host: `mac-1` has `JEBALLTO_TOKEN_MAC_1`. */
export function tokenVariable(hostName: string): string {
  return `JEBALLTO_TOKEN_${hostName.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

export interface EnvironmentReport {
  /** The variable that each key's value came from, by the text of the key's path. */
  origins: Map<string, string>;
  problems: ConfigProblem[];
  warnings: ConfigProblem[];
}

/**
 * Applies the environment to the content of a file. `JEBALLTO_RUNNER_*` and `JEBALLTO_BASE_URL` replace what
 * the file says. The tokens of `GITHUB_TOKEN`, `JEBALLTO_TOKEN` and `JEBALLTO_TOKEN_FILE` only fill in what
 * it leaves out: a token that a shell happens to export must not replace the one that the file names.
 */
export function applyEnvironment(content: Record<string, unknown>, env: Environment): EnvironmentReport {
  const origins = new Map<string, string>();
  const warnings: ConfigProblem[] = [];
  /** An empty variable counts as not set. A section that is not a map is refused later, by the schema. */
  const apply = (path: KeyPath, name: string, facts?: KeyFacts) => {
    const text = env[name];
    const holder = text ? holderOf(content, path) : undefined;
    if (!text || !holder) return;
    holder[String(path.at(-1))] = readValue(text, facts);
    origins.set(pathText(path), name);
  };

  if (env.JEBALLTO_BASE_URL && content.hosts !== undefined) {
    const message = 'is ignored, since every entry of hosts has its own base_url: unset it.';
    warnings.push({ at: 'JEBALLTO_BASE_URL', path: '', message });
  } else apply(['jeballto', 'base_url'], 'JEBALLTO_BASE_URL');
  for (const { name, path, facts } of VARIABLES) apply(path, name, facts);

  const github = isMap(content.github) ? content.github : {};
  const hasCredentials = ['token', 'app_id', 'app_private_key_path', 'installation_id'].some(
    (key) => key in github,
  );
  if (!hasCredentials) apply(['github', 'token'], 'GITHUB_TOKEN');
  for (const { path, names } of tokenPlaces(content)) {
    const isMissing = () => {
      const holder = holderOf(content, [...path, 'token']) ?? {};
      return !('token' in holder || 'token_file' in holder);
    };
    for (const name of names) if (isMissing()) apply([...path, 'token'], name);
    if (isMissing() && names.includes('JEBALLTO_TOKEN'))
      apply([...path, 'token_file'], 'JEBALLTO_TOKEN_FILE');
  }
  return { origins, problems: unknownVariables(env), warnings };
}

function unknownVariables(env: Environment): ConfigProblem[] {
  const known = VARIABLES.map(({ name }) => name);
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => ({
      at: name,
      path: '',
      message: `is not a variable of this program. Did you mean ${nearestName(name, known)}? Otherwise unset it.`,
    }));
}

/** The keys that may lack an agent's token, and the variables that may hold it, the most specific first. */
function tokenPlaces({ hosts }: Record<string, unknown>): { path: KeyPath; names: string[] }[] {
  if (hosts === undefined) return [{ path: ['jeballto'], names: [tokenVariable('local'), 'JEBALLTO_TOKEN'] }];
  if (!Array.isArray(hosts)) return [];
  return hosts.map((host, index) => {
    const own = tokenVariable(String(host?.name ?? ''));
    return { path: ['hosts', index], names: hosts.length === 1 ? [own, 'JEBALLTO_TOKEN'] : [own] };
  });
}

/** The map that holds a key; a missing section is added. */
function holderOf(content: Record<string, unknown>, path: KeyPath): Record<string, unknown> | undefined {
  const [section, index] = path as [string, number | string];
  content[section] ??= {};
  const found = typeof index === 'number' ? (content[section] as unknown[])[index] : content[section];
  return isMap(found) ? found : undefined;
}

/**
 * Converts the text of a variable. A text that should be a number or a flag and is not one stays a text, so
 * that the schema reports what is wrong.
 */
function readValue(text: string, facts?: KeyFacts): unknown {
  if (facts?.form === 'number' && /^\d+$/.test(text)) return Number(text);
  if (facts?.form === 'flag' && /^(?:true|false)$/.test(text)) return text === 'true';
  if (facts?.form === 'textOrList') return jsonList(text) ?? text;
  if (facts?.form !== 'list') return text;
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Reads a JSON list, whose texts may contain commas; null when the text is not such a list. */
function jsonList(text: string): unknown[] | null {
  try {
    const list: unknown = text.startsWith('[') ? JSON.parse(text) : null;
    return Array.isArray(list) ? list : null;
  } catch {
    return null;
  }
}
