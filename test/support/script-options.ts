import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Ends the process, since its command line is wrong: the sentence says what is, the usage what is right. */
export function refuseUsage(usage: string, sentence: string): never {
  process.stderr.write(`${sentence}\n\n${usage}`);
  process.exit(2);
}

/** Returns the options of a script. Ends the process when one of them is wrong, and for `--help`. */
export function scriptOptions<const T extends Options>(usage: string, options: T) {
  const parsed = () => {
    try {
      return parseArgs({ options: { ...options, help: { type: 'boolean' } } }).values;
    } catch (error) {
      return refuseUsage(usage, `${(error as Error).message}`);
    }
  };
  const values = parsed() as ReturnType<typeof parseArgs<{ options: T }>>['values'] & { help?: boolean };
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  return values;
}

/** Returns the whole number that an option has. Ends the process if it has another text. */
export function wholeNumber(usage: string, option: string, text: string): number {
  return /^\d{1,15}$/.test(text)
    ? Number(text)
    : refuseUsage(usage, `${option} takes a whole number, and not "${text}".`);
}
