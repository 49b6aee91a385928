import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GENERATED_PAGES } from '../../docs/generated-pages.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test.for(Object.entries(GENERATED_PAGES))(
  '%s is up to date with its generator (`npm run docs` updates it)',
  ([page, generate]) => {
    expect(generate()).toBe(readFileSync(join(ROOT, page), 'utf8'));
  },
);
