import type { Reporter, TestModule } from 'vitest/node';

/** Fails a run that left a test out, whoever left it out and how. For CI, where what is needed is there. */
export class RefuseSkips implements Reporter {
  readonly #mayBeSkipped: readonly string[];

  /** Names of suites that need something which only some have. */
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
