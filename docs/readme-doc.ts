import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withGeneratedPart } from './generated-part.ts';
import { jobOverview } from './machines-doc.ts';

const FILE = join(import.meta.dirname, '..', 'README.md');

/** The text of the project's README with the picture of the job machine drawn anew. */
export function generateReadme(): string {
  return withGeneratedPart(readFileSync(FILE, 'utf8'), 'the job machine', jobOverview());
}
