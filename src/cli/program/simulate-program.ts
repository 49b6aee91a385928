import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { example, jsonOption, port, wholeNumber } from './options.ts';

/** `simulate`, with a command for each simulator. */
export function addSimulate(program: Command): void {
  const FIRST_PORT = { agent: 8011, github: 8012, guest: 2222, world: 8012 };
  const simulate = program
    .command('simulate')
    .description('run a simulator by itself, for other tools or for a configuration')
    .addHelpText('after', example('simulate world --for config.json > simulated.json'));
  for (const [what, about] of [
    ['agent', 'a Mac with its agent and real guests'],
    ['github', 'the part of GitHub that runs workflows'],
    ['guest', 'a guest with SSH and a runner'],
    ['world', 'both, with a config.json for them on standard output'],
  ] as const) {
    const command = simulate.command(what);
    if (what === 'world') {
      command.option('--for <file>', 'simulate the Macs and the GitHub of this configuration');
    }
    command
      .description(about)
      .option(
        '--port <n>',
        `first of the ports to listen on; 0 takes any that are free (default: ${FIRST_PORT[what]})`,
        port,
      )
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--token <token>', 'the only token (of a guest: the password) that is accepted')
      .option('--faults <file>', 'JSON list of faults to begin with: a file, or the list itself')
      .option(
        '--seed <n>',
        'the same number repeats the same random choices',
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      )
      .addOption(jsonOption('print addresses and secrets as one line of JSON'))
      .addHelpText(
        'after',
        example(`simulate ${what}${what === 'world' ? ' --for config.json > simulated.json' : ''}`),
      )
      .action((options) =>
        runCommand(terminal, async () =>
          (await import('../commands/simulate-command.ts')).simulateCommand(what, options, terminal),
        ),
      );
  }
}
