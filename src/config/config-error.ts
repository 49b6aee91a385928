import type { KeyPath } from './sections/sections.ts';

/** A problem of a key, or a warning about it, before it is known in which line the key is. */
export interface KeyProblem {
  path: KeyPath;
  message: string;
}

export interface ConfigProblem {
  /** The key as an operator names it, such as `hosts[1].base_url`; empty when the whole file is meant. */
  path: string;
  /** What is wrong and what mends it; never a secret. */
  message: string;
  /** Where the value stands: `config.yaml:12`, or the name of an environment variable. */
  at?: string;
}

/** One line for a person: where, which key, what is wrong and what mends it. */
export function problemLine({ at, path, message }: ConfigProblem): string {
  return [at, path, message].filter((part) => part).join(': ');
}

/** Everything that is wrong with the configuration, at once: the message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    super(problems.map(problemLine).join('\n'));
    this.problems = problems;
  }
}
