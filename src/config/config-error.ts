import type { KeyPath } from './sections/sections.ts';

/** A problem or a warning about a key, before its line in the file is known. */
export interface KeyProblem {
  path: KeyPath;
  message: string;
}

export interface ConfigProblem {
  /** The key as an operator names it, such as `hosts[1].base_url`; empty for the whole file. */
  path: string;
  /** What is wrong and what fixes it; never a secret. */
  message: string;
  /** Where the value was given: `config.yaml:12`, or the name of an environment variable. */
  at?: string;
}

/** Returns one line that says where, which key, what is wrong and what fixes it. */
export function problemLine({ at, path, message }: ConfigProblem): string {
  return [at, path, message].filter((part) => part).join(': ');
}

/** All problems of the configuration at once; the message has one line for each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    super(problems.map(problemLine).join('\n'));
    this.problems = problems;
  }
}
