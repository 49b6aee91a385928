import { InvalidArgumentError, Option } from 'commander';

export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
};
export const port = wholeNumber(0, 65_535);
export const jobId = wholeNumber(1, Number.MAX_SAFE_INTEGER);
export const configOption = () =>
  new Option(
    '-c, --config <file>',
    'the configuration, JSON or YAML (default: config.json or config.yaml in this folder)',
  );
export const jsonOption = (about = 'print JSON') => new Option('--json', about);

/** Examples below the help of a command. */
export const example = (...lines: string[]) => `
For example:
${lines.map((line) => `  jeballto-runner ${line}`).join('\n')}`;
