/** What a guest needs to become a runner. It is in memory only (law 7), so a restart loses it, which is intended. */
export type RunnerSecret = { mode: 'jit'; jitConfig: string } | { mode: 'token'; token: string };

export class RunnerSecrets {
  readonly #byRunner = new Map<string, RunnerSecret>();

  keep(runnerName: string, secret: RunnerSecret): void {
    this.#byRunner.set(runnerName, secret);
  }

  of(runnerName: string): RunnerSecret | null {
    return this.#byRunner.get(runnerName) ?? null;
  }

  drop(runnerName: string): void {
    this.#byRunner.delete(runnerName);
  }
}
