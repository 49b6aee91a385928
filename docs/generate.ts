import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED_PAGES } from './generated-pages.ts';

for (const [page, generate] of Object.entries(GENERATED_PAGES)) {
  writeFileSync(join(import.meta.dirname, '..', page), generate());
}
