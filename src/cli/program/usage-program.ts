import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../config/values/duration.ts';
import { USAGE_BY } from '../../journal/usage/usage-by.js';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { configOption, example, jsonOption } from './options.ts';

/** `usage`: who used the hosts. */
export function addUsage(program: Command): void {
  program
    .command('usage')
    .description('show who used the hosts in a time range: minutes, slots, waits and failures')
    .addOption(
      new Option(
        '--since <when>',
        'start of the range: a span before now (7d), or a local date or time (2026-11-01, 2026-11-01T08:00)',
      )
        .argParser(past)
        .default(past('7d'), '7d'),
    )
    .addOption(
      new Option('--until <when>', 'end of the range, written in the same way')
        .argParser(past)
        .default(Date.now(), 'now'),
    )
    .addOption(new Option('--by <what>', 'what each row is about').choices(USAGE_BY).default('repository'))
    .addOption(
      new Option('--format <format>', 'what to print').choices(['table', 'csv', 'json']).default('table'),
    )
    .addOption(configOption())
    .addOption(jsonOption('as --format json'))
    .addHelpText(
      'after',
      example('usage --since 30d', 'usage --since 2026-11-01 --until 2026-12-01 --by profile --format csv'),
    )
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/usage/usage-command.ts')).usageCommand(options, terminal),
      ),
    );
}

/** Epoch ms of an instant in the past. A date is the beginning of that day here. */
function past(text: string): number {
  const span = parseDuration(text);
  if (span !== null) return Date.now() - span;
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError(
    'Write a span before now such as 7d, a date such as 2026-11-01, or a time such as 2026-11-01T08:00.',
  );
}
