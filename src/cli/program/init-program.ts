import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { example, jsonOption } from './options.ts';

/** `init`, a flag for each of its questions. */
export function addInit(program: Command): void {
  program
    .command('init')
    .description('ask for what the daemon needs, check each answer at once and write the config')
    .option('-c, --config <file>', 'the configuration to write, JSON or YAML', 'config.json')
    .option('--agent-url <url>', 'where the Jeballto Agent listens')
    .option('--agent-token <token>', `its token, or an environment variable as \${NAME}`)
    .option('--github-token <token>', `a GitHub token, or an environment variable as \${NAME}`)
    .option('--app-id <n>', 'id of a GitHub App, instead of a token')
    .option('--app-key <file>', 'file of the private key of the App')
    .option('--installation-id <n>', 'id of the installation of the App')
    .option('--api-url <url>', 'address of the API of a GitHub Enterprise Server')
    .option('--repository <owner/name>', 'the repository whose jobs get VMs')
    .option('--label <label>', 'the label that workflows name in runs-on')
    .option('--image <reference>', 'the image that holds macOS and the Actions runner')
    .option('--webhook <url>', 'set up a webhook to this address')
    .option('--no-webhook', 'set up no webhook')
    .option('--service', 'install the daemon as a service of this machine')
    .option('--no-service', 'install no service')
    .option('--no-check', 'ask neither the agent nor GitHub')
    .addOption(
      jsonOption('ask nothing; print one line of JSON at the end, and what is found to standard error'),
    )
    .addHelpText(
      'after',
      example('init', 'init --repository acme/app --image ghcr.io/acme/macos:15 --no-webhook'),
    )
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../init/init-command.ts')).initCommand(options, terminal),
      ),
    );
}
