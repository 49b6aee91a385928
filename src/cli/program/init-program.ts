import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { example, jsonOption } from './options.ts';

/** `init`, a flag for each of its questions. */
export function addInit(program: Command): void {
  program
    .command('init')
    .description('ask what the daemon must know, check each answer at once and write the config')
    .option('-c, --config <file>', 'the configuration to write, JSON or YAML', 'config.json')
    .option('--agent-url <url>', 'where the Jeballto Agent listens')
    .option('--agent-token <token>', "its token, or a variable's name as in the config")
    .option('--github-token <token>', "a GitHub token, or a variable's name as in the config")
    .option('--app-id <n>', 'instead of a token: a GitHub App')
    .option('--app-key <file>', "the App's private key")
    .option('--installation-id <n>', "the App's installation")
    .option('--api-url <url>', "GitHub's API, of an Enterprise Server")
    .option('--repository <owner/name>', 'whose jobs get VMs')
    .option('--label <label>', 'what workflows name in runs-on')
    .option('--image <reference>', 'the image that holds macOS and the Actions runner')
    .option('--webhook <url>', 'set up a webhook to this address')
    .option('--no-webhook', 'set up none')
    .option('--service', 'install the service of this machine')
    .option('--no-service', 'install none')
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
