import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GENERATED_PAGES } from '../../docs/generated-pages.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test.for(Object.entries(GENERATED_PAGES))(
  '%s is what its generator prints now: run `npm run docs`',
  ([page, generate]) => {
    expect(generate()).toBe(readFileSync(join(ROOT, page), 'utf8'));
  },
);
