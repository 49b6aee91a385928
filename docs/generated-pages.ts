import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateConfigurationDoc } from './configuration-doc.ts';
import { generateFailuresDoc } from './failures-doc.ts';
import { generateMachinesDoc, jobOverview } from './machines-doc.ts';
import { manPage } from './man-page.ts';
import { withGeneratedPart } from './markdown.ts';
import { generatePerformanceDoc } from './performance-doc.ts';

/** Every page with a generated part, by its path in the project, and the function that returns its current text. */
export const GENERATED_PAGES: Record<string, () => string> = {
  'README.md': generateReadme,
  'docs/configuration.md': generateConfigurationDoc,
  'docs/failures.md': generateFailuresDoc,
  'docs/jeballto-runner.1': manPage,
  'docs/machines.md': generateMachinesDoc,
  'docs/performance.md': generatePerformanceDoc,
};

/** The README with the picture of the job machine. */
function generateReadme(): string {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  return withGeneratedPart(readme, 'the job machine', jobOverview());
}
