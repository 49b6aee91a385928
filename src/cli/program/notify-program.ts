import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { configOption, example, jsonOption } from './options.ts';

/** `notify`, for the receivers of notifications. */
export function addNotify(program: Command): void {
  const notify = program
    .command('notify')
    .description('try the receivers of notifications')
    .addHelpText('after', example('notify test'));
  notify
    .command('test')
    .description('send a test message to each receiver of the configuration, or to one; needs no daemon')
    .argument('[receiver]', 'its name under notify')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('notify test', 'notify test team --config config.yaml'))
    .action((receiver, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/notify-command.ts')).notifyTestCommand(receiver, options, terminal),
      ),
    );
}
