import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../../config/values/duration.ts';
import { runCommand, processTerminal as terminal } from '../../command.ts';
import { nextTimeOfDay } from '../../commands/hosts/next-time-of-day.ts';
import { configOption, example, jsonOption } from '../options.ts';

/** `hosts`, and the orders to a host. */
export function addHosts(program: Command): void {
  program
    .command('hosts')
    .description('show the hosts of the running daemon, and why one gets no jobs')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('hosts', 'hosts --json | jq .hosts'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../../commands/hosts/hosts-command.ts')).hostsCommand(options, terminal),
      ),
    );

  const order = (what: 'cordon' | 'drain' | 'uncordon', description: string) =>
    program
      .command(what)
      .description(description)
      .argument('<host>', 'name of the host in the configuration')
      .addOption(configOption())
      .addOption(jsonOption())
      .action((host, options) =>
        runCommand(terminal, async () =>
          (await import('../../commands/hosts/host-order-command.ts')).hostOrderCommand(
            { ...options, what, host },
            terminal,
          ),
        ),
      );
  const END = [
    '--until <end>',
    'when the host gets jobs again by itself: a span (2h), a time (18:00) or an instant (2026-12-01T05:00); by default it does not',
    end,
  ] as const;

  order('cordon', 'give a host no new job; the jobs on it go on')
    .option(...END)
    .addHelpText('after', example('cordon mini-1', 'cordon mini-1 --until 2h'));
  order('drain', 'cordon a host, and move its jobs that do not run yet to other hosts')
    .option(...END)
    .addHelpText('after', example('drain mini-1', 'drain mini-1 --until 18:00'));
  order('uncordon', 'give a host jobs again').addHelpText('after', example('uncordon mini-1'));
}

/** The end of an order as the daemon takes it: a span, or an instant with its time zone. */
function end(text: string): string {
  if (parseDuration(text) !== null) return text;
  const at = nextTimeOfDay(text, Date.now()) ?? Date.parse(text);
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      'Write a span such as 2h, a time such as 18:00, or an instant such as 2026-12-01T05:00.',
    );
  }
  return new Date(at).toISOString();
}
