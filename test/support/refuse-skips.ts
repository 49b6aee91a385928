import type { Reporter, TestModule } from 'vitest/node';

/**
 * Fails a run in which a test was skipped, in whatever way. For CI, where everything that tests need is
 * installed.
 */
export class RefuseSkips implements Reporter {
  readonly #mayBeSkipped: readonly string[];

  /** Names of suites that may be skipped, since they need something that only some people have. */
  constructor(mayBeSkipped: readonly string[]) {
    this.#mayBeSkipped = mayBeSkipped;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules
      .flatMap(({ children }) => [...children.allTests('skipped')])
      .filter(({ fullName }) => !this.#mayBeSkipped.some((name) => fullName.startsWith(name)));
    if (skipped.length === 0) return;
    console.error(`In CI no test is skipped, but these were:\n${skipped.map((t) => t.fullName).join('\n')}`);
    process.exitCode = 1;
  }
}
