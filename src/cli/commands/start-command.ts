import type { Logger } from 'pino';
import { problemLine } from '../../config/config-error.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { Config } from '../../config/schema.ts';
import { secretValues } from '../../config/secret-values.ts';
import { type Daemon, startDaemon } from '../../controller/daemon.ts';
import { createLog } from '../../log.ts';
import { placeOfStore } from '../../store/open-store.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { packageInfo } from '../package-info.ts';
import { readConfig } from '../read-config.ts';
import { listenForStop } from '../stop-signals.ts';

/**
 * Runs the daemon until a signal. The first signal drains: the daemon creates no new VM, running jobs go on
 * in their VMs, and the next start finds them. A second signal ends the process at once and loses nothing,
 * since the store has every state. SIGHUP makes it read its config again. Throws ConfigError and StoreError.
 */
export async function startCommand(
  { config: path }: { config?: string },
  terminal: Terminal,
  exit: (code: number) => void = process.exit,
): Promise<number> {
  const { config, warnings, path: file } = readConfig(path, terminal);
  const secrets = secretValues(config);
  const log = createLog({ ...config.log, secrets });
  for (const warning of warnings) log.warn({ key: warning.path }, problemLine(warning));

  const removeCrashHandlers = exitOnCrash(log, exit);
  const stop = listenForStop({ signals: ['SIGTERM', 'SIGINT'], clock: terminal.clock, force: exit });
  const hangups = listenForHangup();
  let isReady = false;
  void stop.first.then((signal) => {
    if (isReady) return;
    log.info(
      { signal },
      `${signal}: the daemon still starts, and stops after that (a second signal stops it at once)`,
    );
  });
  try {
    const configFile = {
      path: file,
      read() {
        const loaded = loadConfig({ path: file, env: terminal.env });
        secrets.push(...secretValues(loaded.config).filter((value) => !secrets.includes(value)));
        return loaded;
      },
    };
    const { env, clock } = terminal;
    const { version } = packageInfo();
    const daemon = await startDaemon({ config, env, clock, log, configFile, version });
    isReady = true;
    sayReady(log, config, daemon);
    hangups.hear(() => {
      daemon
        .reload('SIGHUP')
        .catch((error) =>
          log.error(
            { err: error },
            'the config could not be reloaded: either nothing has changed, or the daemon ends now and its next start reads the new config',
          ),
        );
    });
    const signal = await stop.first;
    log.info(
      { signal },
      `${signal}: the daemon stops and creates no new VM; running jobs go on in their VMs (a second signal stops it at once)`,
    );
    await daemon.drain();
    log.info('the daemon has stopped in order');
    return ExitCode.ok;
  } finally {
    stop.release();
    hangups.release();
    removeCrashHandlers();
  }
}

/** Catches SIGHUP from now on: one that comes while the daemon starts is heard when it has started. */
function listenForHangup() {
  let isHeard = false;
  let tell = (): void => {
    isHeard = true;
  };
  const onHangup = () => tell();
  process.on('SIGHUP', onHangup);
  return {
    hear(listener: () => void): void {
      tell = listener;
      if (isHeard) listener();
    },
    release: () => void process.off('SIGHUP', onHangup),
  };
}

function sayReady(log: Logger, { controller, hosts, store }: Config, { publicUrl, adminUrl }: Daemon): void {
  const { version } = packageInfo();
  const { mode } = controller;
  log.info(
    { version, mode, publicUrl, adminUrl, store: placeOfStore(store), hosts: hosts.map(({ name }) => name) },
    `jeballto-runner ${version} is ready (mode ${mode}): webhooks at ${publicUrl}/webhook, page and API at ${adminUrl}`,
  );
}

/**
 * Ends the process on an unhandled error: its consequences are unknown, and every state is on disk for
 * the next start. Returns a function that removes the handlers.
 */
function exitOnCrash(log: Logger, exit: (code: number) => void): () => void {
  const end = (error: unknown) => {
    log.fatal(
      { err: error },
      'unhandled error: the daemon stops, and its next start goes on from the store; report this error',
    );
    exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
  return () => {
    process.off('uncaughtException', end);
    process.off('unhandledRejection', end);
  };
}
