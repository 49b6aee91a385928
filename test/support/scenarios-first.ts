import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose files take longest, since they wait for whole worlds or a browser. */
const LONG = /\/test\/(?:scenarios|page)\//;

/**
 * Starts the files that take longest first, so that none of them still runs when all others are done. Vitest
 * knows a file's duration only where it ran before, which is never so in CI; there it goes by file size, and
 * scenarios are short files.
 */
export class ScenariosFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
