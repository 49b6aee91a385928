/** Quotes one word for any Bourne-like shell (sh, bash, zsh: whatever the guest's login shell is). */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * The command line that runs a POSIX script with arguments, whatever login shell reads it. Everything here is
 * visible in the guest's process list, so secrets go by standard input and never by `args`.
 */
export function shellCommand(script: string, args: readonly string[] = []): string {
  return ['/bin/sh -c', shellQuote(script), 'sh', ...args.map(shellQuote)].join(' ');
}
