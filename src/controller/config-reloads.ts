import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { type ConfigChange, changeLine, configChanges } from '../config/changes/config-changes.ts';
import { configDigest } from '../config/changes/config-digest.ts';
import type { ConfigInForce, ReloadResult } from '../config/changes/reload-result.ts';
import { shownKeys } from '../config/changes/shown-keys.ts';
import { ConfigError, type ConfigProblem, problemLine } from '../config/config-error.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { counted } from '../format.js';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { Connections } from './outside/connections.ts';

export interface ConfigFile {
  path: string;
  /** Reads the file and the environment again. Throws a ConfigError with every problem. */
  read(): LoadedConfig;
}

const NO_FILE: ConfigFile = {
  path: '',
  read: () => {
    throw new ConfigError([{ path: '', message: 'This daemon was started without a config file.' }]);
  },
};

export interface ConfigReloadsOptions {
  config: Config;
  connections: Connections;
  /** Without it every reload is refused. */
  file: ConfigFile | undefined;
  /** Connects with a new config. Rejects with a ConfigError. */
  connect(config: Config, before: { config: Config; connections: Connections }): Promise<Connections>;
  /** Puts a checked config in force. */
  apply(config: Config, connections: Connections, changes: readonly ConfigChange[]): Promise<void>;
  /** Why no reload is possible now, as a sentence; null when one is. */
  whyNot(): string | null;
  journal: Pick<JournalWriter, 'write'>;
  clock: Clock;
  log: Logger;
}

/**
 * Reads the config again on demand. A config is checked whole and then put in force in one step, or it is
 * refused and nothing changes. One reload at a time.
 */
export class ConfigReloads {
  readonly #options: ConfigReloadsOptions;
  readonly #file: ConfigFile;
  #config: Config;
  #connections: Connections;
  #since: number;
  #last: ReloadResult | null = null;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(options: ConfigReloadsOptions) {
    this.#options = options;
    this.#file = options.file ?? NO_FILE;
    this.#config = options.config;
    this.#connections = options.connections;
    this.#since = options.clock.now();
  }

  inForce(): ConfigInForce {
    const keys = shownKeys(this.#config);
    const { path } = this.#file;
    return { path, digest: configDigest(this.#config), since: this.#since, keys, lastReload: this.#last };
  }

  current(): { config: Config; connections: Connections } {
    return { config: this.#config, connections: this.#connections };
  }

  /** `by`: who ordered it. Rejects when the new config could not be put in force although it is right. */
  reload(by: string): Promise<ReloadResult> {
    const done = this.#underWay.then(() => this.#reload(by));
    this.#underWay = done.catch(() => undefined);
    return done;
  }

  /** Resolves when no reload is under way. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  async #reload(by: string): Promise<ReloadResult> {
    let warnings: ConfigProblem[] = [];
    try {
      const loaded = this.#file.read();
      warnings = loaded.warnings;
      const { connections, changes } = await this.#checked(loaded.config);
      if (changes.length === 0) return this.#ended(by, 'unchanged', { warnings });
      await this.#options.apply(loaded.config, connections, changes);
      this.#config = loaded.config;
      this.#connections = connections;
      this.#since = this.#options.clock.now();
      return this.#ended(by, 'applied', { changes, warnings });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return this.#ended(by, 'refused', { problems: [...error.problems], warnings });
    }
  }

  /** Everything that could be wrong is found here, before anything has changed. Rejects with a ConfigError. */
  async #checked(config: Config): Promise<{ connections: Connections; changes: ConfigChange[] }> {
    const before = { config: this.#config, connections: this.#connections };
    const changes = configChanges(before.config, config);
    const fixed = changes.filter(({ needsRestart }) => needsRestart);
    if (fixed.length > 0) throw new ConfigError(fixed.map(needsRestart));
    const connections = await this.#options.connect(config, before);
    for (const [key, secret] of connections.secretsRead) {
      const known = before.connections.secretsRead.get(key);
      const isTold = changes.some((change) => key === change.key || key.startsWith(`${change.key}.`));
      if (known !== secret && !isTold) changes.push({ key, what: 'changed' });
    }
    const why = changes.length === 0 ? null : this.#options.whyNot();
    if (why !== null) throw new ConfigError([{ path: '', message: why }]);
    return { connections, changes };
  }

  #ended(
    by: string,
    outcome: ReloadResult['outcome'],
    { changes = [], problems = [], warnings }: Partial<ReloadResult> & Pick<ReloadResult, 'warnings'>,
  ): ReloadResult {
    const { clock, journal, log } = this.#options;
    const at = clock.now();
    const digest = configDigest(this.#config);
    const result = { outcome, at, by, path: this.#file.path, digest, changes, problems, warnings };
    this.#last = result;
    const event = outcome === 'refused' ? 'operator.reloadRefused' : 'operator.reloaded';
    const lines = outcome === 'refused' ? problems.map(problemLine) : changes.map(changeLine);
    const where = { actor: 'daemon', jobId: 0, attempt: 0, host: null, from: '', to: '' };
    journal.write({ kind: 'order', at, event, ...where, detail: { by, outcome, digest, lines } });
    for (const warning of warnings) log.warn({ key: warning.path }, problemLine(warning));
    if (outcome === 'refused') {
      const all = `${counted(lines.length, 'problem')}, nothing has changed: ${lines.join(' ')}`;
      log.error({ by, problems: lines }, `the config was not reloaded (${by}): ${all}`);
    } else {
      const what = lines.length === 0 ? 'nothing has changed' : lines.join('; ');
      log.info({ by, digest, changes: lines }, `the config was reloaded (${by}): ${what}`);
    }
    return result;
  }
}

function needsRestart({ key, from, to }: ConfigChange): ConfigProblem {
  return {
    path: key,
    message: `cannot change while the daemon runs (in force: ${from ?? 'not set'}; in the file: ${to ?? 'not set'}). Restart the daemon, or write the old value back and reload: then the other changes apply.`,
  };
}
