import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { configOption, example, jobId, jsonOption } from './options.ts';

/** The orders and commands for a person who looks into a VM. */
export function addVm(program: Command): void {
  program
    .command('hold')
    .description('keep the VM in which a job fails, so that a person can look into it')
    .argument('<job>', 'id of the job at GitHub', jobId)
    .option('--for <span>', 'how long, at most 4h (default: 20m)')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('hold 51234567890 --for 1h'))
    .action((job, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/vm/hold-command.ts')).holdCommand(job, options, terminal),
      ),
    );

  program
    .command('release')
    .description('end the hold of a VM, which is then deleted, or take back the order to hold it')
    .argument('<job>', 'id of the job at GitHub', jobId)
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('release 51234567890'))
    .action((job, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/vm/hold-command.ts')).releaseCommand(job, options, terminal),
      ),
    );

  program
    .command('ssh')
    .description("open a shell in a job's VM, held or running, or run one command there")
    .argument('<job>', 'id of the job at GitHub', jobId)
    .argument('[command...]', 'the command; options of it come after --')
    .option('--print', 'print the command for another SSH client, and open nothing')
    .addOption(configOption())
    .addOption(jsonOption('print where the VM is reached as JSON, and open nothing'))
    .addHelpText('after', example('ssh 51234567890', 'ssh 51234567890 -- sw_vers -productVersion'))
    .action((job, command, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/vm/ssh-command.ts')).sshCommand(job, command, options, terminal),
      ),
    );

  program
    .command('screen')
    .description("save the screen of a job's VM, held or running, as a picture")
    .argument('<job>', 'id of the job at GitHub', jobId)
    .option('-o, --output <file>', 'file to write, - for standard output (default: job-<id>.png here)')
    .option('-f, --force', 'overwrite the file if it exists')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('screen 51234567890', 'screen 51234567890 --output - > screen.png'))
    .action((job, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/vm/screen-command.ts')).screenCommand(job, options, terminal),
      ),
    );
}
