import { Argument, Command, Option } from 'commander';
import { ExitCode, runCommand, type Terminal, processTerminal as terminal } from '../command.ts';
import { packageInfo } from '../package-info.ts';
import { addControllers } from './controllers-program.ts';
import { addHosts } from './fleet/host-program.ts';
import { addImages } from './fleet/images-program.ts';
import { addInit } from './init-program.ts';
import { addLeftovers } from './leftovers-program.ts';
import { addNotify } from './notify-program.ts';
import { configOption, example, jobId, jsonOption, port, wholeNumber } from './options.ts';
import { addService } from './service-program.ts';
import { addSimulate } from './simulate-program.ts';
import { addStore } from './store-program.ts';
import { addUsage } from './usage-program.ts';
import { addVm } from './vm-program.ts';

/** The whole command line. A command is imported only when it is called, so help and version are quick. */
export function commandLine(): Command {
  const program = new Command('jeballto-runner')
    .description('Gives every queued GitHub Actions job a fresh macOS VM of its own.')
    .version(packageInfo().version, '-v, --version')
    .showHelpAfterError('(--help says more)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? ExitCode.ok : ExitCode.usage));

  addInit(program);

  program
    .command('start')
    .description(
      'run the daemon until SIGTERM or Ctrl-C (running jobs go on in their VMs; a second signal stops it at once)',
    )
    .addOption(configOption())
    .addHelpText('after', example('start --config config.yaml'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/start-command.ts')).startCommand(options, terminal),
      ),
    );

  program
    .command('check')
    .description(
      'try what start needs: configuration, hosts, GitHub, store, ports; say what is wrong and how to fix it',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example(
        'check --config config.yaml',
        'check --json | jq .ok        # for scripts; status 0 when all is well',
      ),
    )
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/check-command.ts')).checkCommand(options, terminal),
      ),
    );

  program
    .command('jobs')
    .description('show the jobs of the running daemon')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('jobs', 'jobs --json | jq .waiting'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/jobs-command.ts')).jobsCommand(options, terminal),
      ),
    );

  program
    .command('watch')
    .description('show the jobs of the running daemon, live')
    .addOption(configOption())
    .addOption(jsonOption('print a line of JSON whenever something changes'))
    .addHelpText('after', example('watch'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/watch-command.ts')).watchCommand(options, terminal),
      ),
    );

  program
    .command('explain')
    .description('say what a job does now or why it failed, who must act, and everything that happened')
    .argument('<job>', 'id of the job at GitHub', jobId)
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('explain 51234567890'))
    .action((job, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/story/explain-command.ts')).explainCommand(job, options, terminal),
      ),
    );

  program
    .command('evidence')
    .description('save everything that is known about a job as one file')
    .argument('<job>', 'id of the job at GitHub', jobId)
    .option('-o, --output <file>', 'file to write (default: job-<id>.evidence.json in this folder)')
    .option('-f, --force', 'overwrite the file if it exists')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('evidence 51234567890 --output failed.json'))
    .action((job, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/story/evidence-command.ts')).evidenceCommand(job, options, terminal),
      ),
    );

  program
    .command('replay')
    .description('open an evidence file in the visualizer, on any machine')
    .argument('<file>')
    .addOption(new Option('--port <n>', 'port to listen on').argParser(port).default(0, 'a free one'))
    .addOption(jsonOption('print the address as JSON'))
    .addHelpText('after', example('replay failed.json'))
    .action((file, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/story/replay-command.ts')).replayCommand(file, options, terminal),
      ),
    );

  program
    .command('chart')
    .description('print a state machine')
    .addArgument(
      new Argument('[machine]', 'the machine').choices(['job', 'host', 'webhooks', 'breaker']).default('job'),
    )
    .addOption(
      new Option('--format <format>', 'what to print').choices(['mermaid', 'svg', 'json']).default('mermaid'),
    )
    .addOption(jsonOption('as --format json, on one line'))
    .addHelpText('after', example('chart host --format svg > host.svg'))
    .action((machine, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/chart-command.ts')).chartCommand({ machine, ...options }, terminal),
      ),
    );

  addVm(program);
  addHosts(program);
  addControllers(program);
  addImages(program);

  program
    .command('reload')
    .description('make the running daemon read its config again; print what changed, or why it was refused')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('reload --config config.json'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/reload-command.ts')).reloadCommand(options, terminal),
      ),
    );

  program
    .command('gc')
    .description('make the running daemon remove its VMs and runners that no record owns')
    .option('-n, --dry-run', 'only print what would be done, and why')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('gc --dry-run'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/gc-command.ts')).gcCommand(options, terminal),
      ),
    );

  program
    .command('forget')
    .description('make the running daemon end a record that cannot end by itself, and print what may be left')
    .argument('<record>', "a job's id, or the key of a VM's actor as the page and the log show it")
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('forget 51300000001'))
    .action((record, options) =>
      runCommand(terminal, async () =>
        (await import('../commands/forget-command.ts')).forgetCommand(record, options, terminal),
      ),
    );

  addUsage(program);
  addNotify(program);
  addLeftovers(program);

  program
    .command('demo')
    .description('show the whole system with simulated Macs and a simulated GitHub, on this machine')
    .option('-j, --jobs <n>', 'jobs that succeed', wholeNumber(1, 1000), 5)
    .option('--hosts <n>', 'simulated Macs, two VMs each', wholeNumber(1, 50), 2)
    .option(
      '--kill <n>',
      'kill the active daemon (SIGKILL) this many times, and start it again each time',
      wholeNumber(0, 100),
      0,
    )
    .option(
      '--controllers <n>',
      'daemons on one PostgreSQL database: one is active, the others stand by and take over',
      wholeNumber(1, 10),
      1,
    )
    .option(
      '--postgres-url <url>',
      'server for them: makes a database there and removes it; password in PGPASSWORD (default: starts a server)',
    )
    .option(
      '--exit',
      'push only jobs that succeed, and end when nothing of them is left; status 0 only if all went well',
    )
    .addOption(
      new Option('--port <n>', 'first of the ports to listen on')
        .argParser(port)
        .default(0, 'any that are free'),
    )
    .option('--keep', 'keep config, log and store of the daemon; a database is removed in any case')
    .addOption(new Option('--json', 'print one line of JSON at the end, and progress to standard error'))
    .addHelpText(
      'after',
      example('demo', 'demo --jobs 20 --kill 3 --exit --json', 'demo --controllers 3 --kill 3 --exit --json'),
    )
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../commands/demo-command.ts')).demoCommand(options, terminal),
      ),
    );

  addStore(program);
  addSimulate(program);
  addService(program);

  program
    .command('completion')
    .description("print a shell's script that completes commands, options and values")
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      example('completion bash > ~/.local/share/bash-completion/completions/jeballto-runner'),
    )
    .action((shell) =>
      runCommand(terminal, async () =>
        (await import('../completion/completion-command.ts')).completionCommand(shell, program, terminal),
      ),
    );

  program
    .command('version')
    .description('print the versions that a bug report needs')
    .addOption(jsonOption())
    .addHelpText('after', example('version --json'))
    .action((options) => runCommand(terminal, async () => versionCommand(options, terminal)));

  return program;
}

/** Prints the versions of this program, of Node and of the system. */
async function versionCommand({ json }: { json?: boolean }, terminal: Terminal): Promise<number> {
  const { name, version } = packageInfo();
  const { platform, arch, versions } = process;
  terminal.out(
    json
      ? JSON.stringify({ name, version, node: versions.node, platform, arch })
      : `${name} ${version} (Node ${versions.node}, ${platform} ${arch})`,
  );
  return ExitCode.ok;
}
