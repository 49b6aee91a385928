import { generateConfigurationDoc } from './configuration-doc.ts';
import { generateFailuresDoc } from './failures-doc.ts';
import { generateMachinesDoc } from './machines-doc.ts';
import { generatePerformanceDoc } from './performance-doc.ts';
import { generateReadme } from './readme-doc.ts';

/** Every page with a generated part, by its path in the project, and how to make its text anew. */
export const GENERATED_PAGES: Record<string, () => string> = {
  'README.md': generateReadme,
  'docs/configuration.md': generateConfigurationDoc,
  'docs/failures.md': generateFailuresDoc,
  'docs/machines.md': generateMachinesDoc,
  'docs/performance.md': generatePerformanceDoc,
};
