import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose files take longest, since they wait for whole worlds or a browser. */
const LONG = /\/test\/(?:scenarios|page)\//;

/**
 * Begins with the files that take longest, so that none of them still runs when all others are over. Vitest knows how
 * long a file takes only where it ran before, which it never did in CI, and goes by size there: scenarios are short to read.
 */
export class ScenariosFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
