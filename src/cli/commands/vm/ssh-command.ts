import { guestKeyOf } from '../../../controller/outside/connections.ts';
import type { VmAddresses } from '../../../evidence/vm-look.ts';
import type { PersonStreams } from '../../../guest/attach.ts';
import { openGuest } from '../../../guest/open-guest.ts';
import type { Answers } from '../../../http/admin/api/api-routes.ts';
import { holdWords } from '../../../journal/words/hold-words.js';
import { type AdminAddress, adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal, UsageError } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { printable } from '../../terminal/terminal-text.ts';

export interface SshOptions {
  config?: string;
  /** Print the command for another client, and open nothing. */
  print?: boolean;
  json?: boolean;
}

/**
 * Opens a shell in the VM of a job, or runs one command there. It logs in as the daemon does: with the password or key of
 * the config, which stay in this process, and only to a guest that has the host key of the VM's first login. Returns the
 * exit status of what ran. Throws a NoDaemonError when no daemon answers or the job has no VM.
 */
export async function sshCommand(
  jobId: number,
  command: readonly string[],
  options: SshOptions,
  terminal: Terminal,
  streams: PersonStreams = processStreams(terminal.env),
): Promise<number> {
  const { config } = readConfig(options.config, terminal);
  const vm = await askForVm(adminAddress(config), jobId);
  if (options.json) {
    terminal.out(JSON.stringify(vm));
    return ExitCode.ok;
  }
  const ssh = vm.ssh;
  if (ssh === null) {
    throw new UsageError(
      `The guest of VM ${vm.vmName} was never reached by SSH: look at its screen with jeballto-runner screen ${jobId}.`,
    );
  }
  if (options.print) {
    for (const line of printedLines(vm, ssh)) terminal.out(printable(line));
    return ExitCode.ok;
  }
  if (command.length === 0 && streams.window === null) {
    throw new UsageError(
      'A shell needs a terminal: name a command after the job, or print the command for another client with --print.',
    );
  }
  terminal.err(printable(noteOf(vm, terminal.clock.now())));
  const session = await openGuest({
    vmId: vm.vmName,
    address: async () => ({ host: ssh.host, port: ssh.port }),
    user: ssh.user,
    password: config.runner.ssh_password,
    privateKey: guestKeyOf(config),
    connectTimeoutMs: config.runner.connect_timeout,
    hostKey: ssh.hostKey,
  });
  try {
    return await session.attach(command.length === 0 ? null : command.join(' '), streams);
  } finally {
    session.close();
  }
}

/** Throws a NoDaemonError when no daemon answers, or when the job has no VM. */
async function askForVm(daemon: AdminAddress, jobId: number): Promise<VmAddresses> {
  return (await askDaemon(daemon, 'GET', `/api/jobs/${jobId}/vm`)) as Answers['/api/jobs/:id/vm'];
}

/** Returns lines for another SSH client. It must not remember the key: the next VM behind this port may have another. */
function printedLines({ vnc }: VmAddresses, { host, port, user, hostKey }: NonNullable<VmAddresses['ssh']>) {
  return [
    `ssh -p ${port} -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=ask ${user}@${host}`,
    ...(hostKey === null ? [] : [`# The key of the guest: SHA256:${hostKey.replace(/=+$/, '')}`]),
    ...(vnc === null ? [] : [`# Its screen: vnc://${vnc.host}:${vnc.port}`]),
  ];
}

function noteOf({ vmName, host, vnc, hold }: VmAddresses, now: number): string {
  if (hold === null) {
    return `VM ${vmName} on ${host} is not held: it is deleted when its job ends. "jeballto-runner hold" keeps it if the job fails.`;
  }
  const screen = vnc ? ` Its screen: vnc://${vnc.host}:${vnc.port}.` : '';
  return `${holdWords(hold, { name: vmName, host }, now)}${screen}`;
}

/** The streams of this process. */
function processStreams({ TERM }: NodeJS.ProcessEnv): PersonStreams {
  const { stdin, stdout, stderr } = process;
  const window = {
    columns: stdout.columns || 80,
    rows: stdout.rows || 24,
    term: TERM || 'xterm-256color',
    opened(changed: (columns: number, rows: number) => void) {
      stdin.setRawMode(true);
      process.once('exit', () => stdin.setRawMode(false));
      stdout.on('resize', () => changed(stdout.columns, stdout.rows));
    },
  };
  return { stdin, stdout, stderr, window: stdin.isTTY && stdout.isTTY ? window : null };
}
