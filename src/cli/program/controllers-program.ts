import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { configOption, example, jsonOption } from './options.ts';

/** `controllers`: who is active on a database. */
export function addControllers(program: Command): void {
  program
    .command('controllers')
    .description('show the daemons that share the database of the configuration, and which one is active')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('controllers', 'controllers --json | jq .controllers'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../controllers/controllers-command.ts')).controllersCommand(options, terminal),
      ),
    );
}
