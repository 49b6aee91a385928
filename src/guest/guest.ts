import type { GuestLogin } from './guest-session.ts';
import { activityScript } from './scripts/activity.ts';
import { type LaunchedRunner, launchScript, type RunnerLaunch } from './scripts/launch.ts';
import { logFilesScript } from './scripts/log-files.ts';
import { type GuestFacts, probeScript } from './scripts/probe.ts';
import type { GuestScript } from './scripts/shell.ts';
import { type RunnerStatus, statusScript, type WatchedFor, watchScript } from './scripts/status.ts';

/**
 * A guest that we are logged in to: each method runs one script in it, in one round trip. All throw
 * GUEST_UNREACHABLE when the connection is lost, GUEST_COMMAND_FAILED when the script failed, or the signal's
 * reason.
 */
export class Guest {
  readonly session: Pick<GuestLogin, 'hostKey' | 'run'>;
  readonly #installPath: string;
  readonly #signal: AbortSignal;

  /** `installPath`: the folder of the Actions runner in the image; may begin with `~/`. */
  constructor(session: Pick<GuestLogin, 'hostKey' | 'run'>, installPath: string, signal: AbortSignal) {
    this.session = session;
    this.#installPath = installPath;
    this.#signal = signal;
  }

  /** Returns the facts of a guest that can become a runner; throws GUEST_TOOL_MISSING when it cannot. */
  async probe(): Promise<GuestFacts> {
    return this.#run(probeScript(this.#installPath));
  }

  /** Starts a runner, once for each runner name. Throws RUNNER_CONFIGURATION_FAILED. */
  async launch(launch: RunnerLaunch): Promise<LaunchedRunner> {
    return this.#run(launchScript(launch, this.#installPath));
  }

  async status(runnerName: string): Promise<RunnerStatus> {
    return this.#run(statusScript(runnerName));
  }

  /**
   * Resolves when the runner's process has ended or what it is watched for has come, whichever is first; with
   * `listening` after 10 seconds at the latest.
   */
  async watch(runnerName: string, until: WatchedFor): Promise<RunnerStatus> {
    return this.#run(watchScript(runnerName, until));
  }

  /** Whether a job runs in it (law 5). */
  async isWorking(runnerName: string): Promise<boolean> {
    return this.#run(activityScript(runnerName));
  }

  /** The last parts of the runner's own logs, by name; not redacted. */
  async logs(runnerName: string): Promise<Record<string, string>> {
    return this.#run(logFilesScript(runnerName, this.#installPath));
  }

  async #run<Result>({ script, read, ...options }: GuestScript<Result>): Promise<Result> {
    return read(await this.session.run(script, { ...options, signal: this.#signal }));
  }
}
