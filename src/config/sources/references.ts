import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KeyProblem } from '../config-error.ts';
import { type Leaf, leavesOf, pathText } from '../sections/sections.ts';
import { appKeyProblem } from './app-key.ts';
import { type Environment, variableOf } from './environment.ts';

export interface ReferenceContext {
  env: Environment;
  /** The folder that `~/` means. */
  home: string;
  /**
   * The folder that relative paths start from: that of the file, so that a service needs no working
   * directory.
   */
  folder: string;
  /** Keys, by the text of their path, whose value came from a variable. */
  origins: ReadonlyMap<string, string>;
}

/**
 * Replaces `${NAME}` in secrets and resolves the paths of files. Returns the problems of what it cannot
 * resolve.
 */
export function resolveReferences(content: object, context: ReferenceContext): KeyProblem[] {
  const { env, origins } = context;
  const problems: KeyProblem[] = [];
  for (const key of leavesOf(content)) {
    const isFromVariable = origins.has(pathText(key.path));
    for (const leaf of textsOf(key)) {
      const problem =
        (isFromVariable ? null : resolveVariable(leaf, leaf.value, env)) ??
        (leaf.facts.local === 'file' ? resolveFile(leaf, leaf.value, context) : null);
      if (problem) problems.push({ path: leaf.path, message: problem });
    }
  }
  return problems;
}

type TextLeaf = Leaf & { value: string };

/** The text that a key holds, or each secret of a list separately. */
function textsOf({ value, facts, path, set }: Leaf): TextLeaf[] {
  if (typeof value === 'string') return [{ value, facts, path, set }];
  if (!facts.secret || !Array.isArray(value)) return [];
  return value.flatMap((item, index): TextLeaf[] => {
    const setItem = (changed: unknown) => {
      value[index] = changed;
    };
    return typeof item === 'string' ? [{ value: item, facts, path: [...path, index], set: setItem }] : [];
  });
}

/** Returns an absolute path; relative ones start from the folder of the configuration file. */
export function localPath(path: string, { home, folder }: Pick<ReferenceContext, 'home' | 'folder'>): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : resolve(folder, path);
}

/** Replaces a value only when the whole value is `${NAME}`. */
function resolveVariable({ path, facts, set }: Leaf, value: string, env: Environment): string | null {
  if (!facts.secret) {
    const [found] = /\$\{\w+\}/.exec(value) ?? [];
    if (!found) return null;
    const variable = variableOf(path);
    const fix = variable ? `, or leave the key out and set ${variable}` : '';
    return `contains ${found}, but variables are replaced in secrets only: write the value itself${fix}.`;
  }
  const name = /^\$\{([^{}]*)\}$/.exec(value)?.[1]?.trim();
  if (name === undefined) return partialReference(value);
  const secret = env[name];
  if (!secret) {
    return `takes its value from the environment variable ${name}, which is not set: set it, or write the value here.`;
  }
  set(secret);
  return null;
}

/**
 * Refuses a variable that is only part of a value, or that lacks its closing brace: it would be sent to
 * GitHub or an agent as it is written.
 */
function partialReference(value: string): string | null {
  const [found] = /\$\{\w*\}?/.exec(value) ?? [];
  if (!found) return null;
  const what = found.endsWith('}')
    ? `contains ${found} together with other characters, but a variable is replaced only where it is the whole value`
    : `begins a variable with ${found} but does not end it`;
  return `${what}: write \${NAME} alone. Give a secret that really contains these characters as the value of a variable.`;
}

function resolveFile({ facts, set }: Leaf, value: string, context: ReferenceContext): string | null {
  const path = localPath(value, context);
  set(path);
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory()) return `names ${path}, which is a folder: name the file in it.`;
    if (facts.holds === 'sshKey') return sshKeyProblem(path);
    return facts.holds === 'appKey' ? appKeyProblem(path) : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES')
      return `names ${path}, which this user may not read: change its owner or its mode.`;
    return `names ${path}, which does not exist: correct the path. A relative path begins at the folder of the configuration file.`;
  }
}

/**
 * Says why a file cannot be a private key for the login in the guests, and what to do; null when it can be
 * one. The sentence contains no part of the file. Throws when the file cannot be read.
 */
export function sshKeyProblem(path: string): string | null {
  const text = readFileSync(path, 'utf8');
  if (/^(?:ssh-|ecdsa-|sk-)\S+ AAAA/m.test(text) || /-----BEGIN (?:\w+ )*PUBLIC KEY-----/.test(text)) {
    return 'names a public key: give the private one, the file of the same name without .pub.';
  }
  const [, kind, body = ''] = /-----BEGIN ((?:\w+ )*PRIVATE KEY)-----([\s\S]*?)-----END/.exec(text) ?? [];
  if (kind === undefined) return 'names a file that holds no private key: give one that ssh-keygen made.';
  if (kind === 'ENCRYPTED PRIVATE KEY' || /Proc-Type: 4,ENCRYPTED/.test(body) || isEncrypted(kind, body)) {
    return 'names a key with a passphrase, which the daemon cannot ask for: remove it with "ssh-keygen -p -f KEY".';
  }
  return null;
}

/**
 * OpenSSH's own form begins with a mark of 15 bytes, followed by the length of its cipher's name and the
 * name.
 */
function isEncrypted(kind: string, body: string): boolean {
  if (kind !== 'OPENSSH PRIVATE KEY') return false;
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length < 20) return false;
  return bytes.toString('latin1', 19, 19 + bytes.readUInt32BE(15)) !== 'none';
}
