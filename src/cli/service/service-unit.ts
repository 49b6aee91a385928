import { dirname } from 'node:path';

/** Who starts the daemon: launchd of macOS, or systemd of Linux, for a user's session or for the machine. */
export type Manager = 'launchd' | 'systemd-user' | 'systemd';

/** What the daemon's process is, with absolute paths. */
export interface ServiceProgram {
  /** Node, its options, and the program's file. */
  command: string[];
  config: string;
  /** The folder of the store; null when it is a database. */
  store: string | null;
  /** Launchd keeps what is printed in this file; systemd has a journal. */
  logFile: string;
  /** The user of a unit for the machine. */
  user: string;
}

export const LAUNCHD_LABEL = 'io.github.jeballto-runner';
export const UNIT_NAME = 'jeballto-runner.service';

/** The folder that systemd makes for the daemon, for its user alone. */
const STATE_FOLDER = '/var/lib/jeballto-runner';

/** Exit codes after which a restart does not help: EX_USAGE and EX_CONFIG. */
const HOPELESS = '64 78';

/** Returns the file of a service manager that starts the daemon, and starts it again after a crash. */
export function serviceUnit(manager: Manager, program: ServiceProgram): string {
  return manager === 'launchd' ? launchdJob(program) : systemdUnit(manager, program);
}

/**
 * `SoftResourceLimits`: no core file, which would hold secrets, and files for the store, the Macs and the
 * guests.
 */
function launchdJob({ command, config, logFile }: ServiceProgram): string {
  const args = [...command, 'start', '--config', config];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
  <dict>
    <key>Label</key>
    <string>${LAUNCHD_LABEL}</string>
    <key>ProgramArguments</key>
    <array>
${args.map((arg) => `      <string>${xml(arg)}</string>`).join('\n')}
    </array>
    <key>WorkingDirectory</key>
    <string>${xml(dirname(config))}</string>
    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <dict>
      <key>SuccessfulExit</key>
      <false/>
    </dict>
    <key>ThrottleInterval</key>
    <integer>10</integer>
    <key>ExitTimeOut</key>
    <integer>60</integer>
    <key>ProcessType</key>
    <string>Interactive</string>
    <key>SoftResourceLimits</key>
    <dict>
      <key>NumberOfFiles</key>
      <integer>4096</integer>
      <key>Core</key>
      <integer>0</integer>
    </dict>
    <key>StandardOutPath</key>
    <string>${xml(logFile)}</string>
    <key>StandardErrorPath</key>
    <string>${xml(logFile)}</string>
  </dict>
</plist>
`;
}

function systemdUnit(manager: 'systemd' | 'systemd-user', program: ServiceProgram): string {
  const { command, config, store, user } = program;
  const isForMachine = manager === 'systemd';
  const isInStateFolder = isForMachine && store?.startsWith(`${STATE_FOLDER}/`);
  const lines = [
    '[Unit]',
    'Description=jeballto-runner: a fresh macOS VM for every GitHub Actions job',
    ...(isForMachine ? ['After=network-online.target', 'Wants=network-online.target'] : []),
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    ...(isForMachine ? [`User=${user}`] : []),
    `ExecStart=${[...command, 'start', '--config', config].map(systemdWord).join(' ')}`,
    `ExecReload=${[...command, 'reload', '--config', config].map(systemdWord).join(' ')}`,
    ...(isForMachine ? ['EnvironmentFile=-/etc/jeballto-runner/environment'] : []),
    ...(isInStateFolder ? ['StateDirectory=jeballto-runner', 'StateDirectoryMode=0700'] : []),
    'Restart=on-failure',
    'RestartSec=10',
    `RestartPreventExitStatus=${HOPELESS}`,
    'TimeoutStopSec=60',
    'LimitCORE=0',
    'NoNewPrivileges=yes',
    ...(isForMachine ? ['PrivateTmp=yes'] : []),
    // In other folders these would hide the store or the config from the daemon.
    ...(isInStateFolder ? ['ProtectSystem=strict'] : isForMachine ? ['ProtectSystem=full'] : []),
    ...(isInStateFolder && !isInHome(config) && !command.some(isInHome) ? ['ProtectHome=yes'] : []),
    '',
    '[Install]',
    `WantedBy=${isForMachine ? 'multi-user.target' : 'default.target'}`,
  ];
  return `${lines.join('\n')}\n`;
}

const isInHome = (path: string) => /^\/(?:home|root|run\/user)\//.test(path);

/** Escapes what systemd expands in a command: `%` everywhere, `$` after the first word; it splits at blanks. */
function systemdWord(word: string, at: number): string {
  const percent = word.replaceAll('%', '%%');
  const escaped = at === 0 ? percent : percent.replaceAll('$', '$$$$');
  return /[\s"'\\;]/.test(escaped) ? `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : escaped;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
