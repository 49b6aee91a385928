import { type Command, Option } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { configOption, example, jsonOption } from './options.ts';

/** `service`, for launchd and systemd. */
export function addService(program: Command): void {
  const service = program
    .command('service')
    .description('let launchd or systemd run the daemon and start it again after a crash')
    .addHelpText('after', example('service install --config config.json'));
  for (const [what, about] of [
    ['install', 'write and check the file of the service, and start the daemon'],
    ['uninstall', 'stop the daemon and remove the file; config, store and log stay'],
    ['print', 'print the file of the service'],
  ] as const) {
    const command = service
      .command(what)
      .description(about)
      .addOption(
        new Option('--manager <manager>', 'service manager (default: the one of this machine)').choices([
          'launchd',
          'systemd-user',
          'systemd',
        ]),
      );
    if (what !== 'uninstall') {
      command
        .addOption(configOption())
        .option('--user <name>', 'user of a unit for the whole machine (default: you)');
    }
    if (what === 'install') command.option('--no-start', 'only write the file');
    command
      .addOption(jsonOption())
      .addHelpText('after', example(`service ${what}`))
      .action((options) =>
        runCommand(terminal, async () =>
          (await import('../service/service-command.ts')).serviceCommand(what, options, terminal),
        ),
      );
  }
}
