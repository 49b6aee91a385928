import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KeyProblem } from '../config-error.ts';
import { type Leaf, leavesOf, spokenPath } from '../sections/sections.ts';
import { type Environment, variableOf } from './environment.ts';

export interface Surroundings {
  env: Environment;
  /** Where `~/` leads. */
  home: string;
  /** Where relative paths begin: the folder of the file, so that a service needs no working directory. */
  folder: string;
  /** Keys, by spoken path, whose value is a variable's already. */
  origins: ReadonlyMap<string, string>;
}

/** Puts in what secrets and paths of files refer to, and says which of them lead nowhere. */
export function resolveReferences(content: object, surroundings: Surroundings): KeyProblem[] {
  const { env, origins } = surroundings;
  const problems: KeyProblem[] = [];
  for (const leaf of leavesOf(content)) {
    if (typeof leaf.value !== 'string') continue;
    const path = spokenPath(leaf.path);
    const problem =
      (origins.has(path) ? null : resolveVariable(leaf, leaf.value, env)) ??
      (leaf.facts.local === 'file' ? resolveFile(leaf, leaf.value, surroundings) : null);
    if (problem) problems.push({ path: leaf.path, message: problem });
  }
  return problems;
}

/** An absolute path; relative ones begin at the folder of the configuration file. */
export function localPath(path: string, { home, folder }: Pick<Surroundings, 'home' | 'folder'>): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : resolve(folder, path);
}

/** Only a value that is `${NAME}` as a whole is replaced, so that a password may hold such letters too. */
function resolveVariable({ path, facts, set }: Leaf, value: string, env: Environment): string | null {
  if (!facts.secret) {
    const [found] = /\$\{\w+\}/.exec(value) ?? [];
    if (!found) return null;
    const variable = variableOf(path);
    const mend = variable ? `or leave the key out and set ${variable}` : 'without it';
    return `holds ${found}, which is replaced in secrets only: write the value itself, ${mend}.`;
  }
  const name = /^\$\{([^{}]*)\}$/.exec(value)?.[1]?.trim();
  if (name === undefined) return null;
  const secret = env[name];
  if (!secret) {
    return `takes its value from the environment variable ${name}, which is not set: set it, or write the value here.`;
  }
  set(secret);
  return null;
}

function resolveFile({ set }: Leaf, value: string, surroundings: Surroundings): string | null {
  const path = localPath(value, surroundings);
  set(path);
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? `names ${path}, which is a folder: name the file in it.` : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EACCES' ? 'this user may not read it' : 'there is no such file';
    return `names ${path}, but ${why}. Relative paths begin at the configuration file's folder.`;
  }
}
