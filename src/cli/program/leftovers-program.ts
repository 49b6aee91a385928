import { type Command, InvalidArgumentError, Option } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import type { NamedHost } from '../leftovers/removed-hosts.ts';
import { configOption, example, jsonOption } from './options.ts';

/** `leftovers`. A token file belongs to the `--host` before it. */
export function addLeftovers(program: Command): void {
  const hosts: NamedHost[] = [];
  const host = (url: string) => {
    hosts.push({ url });
    return hosts;
  };
  const tokenFile = (file: string) => {
    const last = hosts.at(-1);
    if (last === undefined || last.tokenFile !== undefined) {
      throw new InvalidArgumentError('Write it after the --host whose token it holds.');
    }
    last.tokenFile = file;
    return file;
  };

  program
    .command('leftovers')
    .description('list the VMs and runners of a controller.id that no daemon uses any more, or remove them')
    .requiredOption('--controller-id <id>', 'the earlier controller.id')
    .option('--prefix <prefix>', 'the earlier controller.vm_name_prefix, if it differs from the present one')
    .addOption(
      new Option(
        '--host <url>',
        'agent of a Mac that is no longer in the configuration; may be repeated',
      ).argParser(host),
    )
    .addOption(
      new Option(
        '--token-file <file>',
        'file with the token of the --host before it (default: JEBALLTO_TOKEN_<host and port>)',
      ).argParser(tokenFile),
    )
    .option(
      '--remove',
      'remove them; the guest of a VM that is on is asked first, and the VM stays while a job runs in it',
    )
    .option('-y, --yes', 'remove without a question')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example(
        'leftovers --controller-id old',
        'leftovers --controller-id old --remove',
        'leftovers --controller-id old --host http://192.0.2.10:8011/v1 --token-file mac.token',
      ),
    )
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../leftovers/leftovers-command.ts')).leftoversCommand({ ...options, hosts }, terminal),
      ),
    );
}
