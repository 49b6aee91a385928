import type { Reporter, TestModule } from 'vitest/node';

/** Fails a run that left a test out, whoever left it out and how. For CI, where what is needed is there. */
export class RefuseSkips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap(({ children }) => [...children.allTests('skipped')]);
    if (skipped.length === 0) return;
    console.error(`In CI no test is skipped, but these were:\n${skipped.map((t) => t.fullName).join('\n')}`);
    process.exitCode = 1;
  }
}
