import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Blame, type Disposition, FAILURE_CODES, failure } from '../machines/failure.ts';
import { FAILURE_REMEDIES } from './failure-remedies.ts';
import { markdownTable, withGeneratedPart } from './markdown.ts';

const FILE = join(import.meta.dirname, 'failures.md');

const WHOSE: Record<Blame, string> = {
  us: 'ours',
  host: 'the host',
  image: 'the image',
  github: 'GitHub',
  job: 'the job',
  operator: 'you',
};

const NEXT: Record<Disposition, string> = {
  retry: 'tried again',
  blocked: 'waits',
  giveUp: 'attempt ends',
};

/** Returns the text of `failures.md` with a generated table of all codes. */
export function generateFailuresDoc(): string {
  const rows = FAILURE_CODES.map((code) => {
    const { blame, disposition } = failure(code, '');
    return [`\`${code}\``, WHOSE[blame], NEXT[disposition], ...FAILURE_REMEDIES[code]];
  });
  const table = markdownTable(
    ['code', 'who must act', 'what happens next', 'what happened', 'what fixes it'],
    rows,
  );
  return withGeneratedPart(readFileSync(FILE, 'utf8'), 'the union of failures', table);
}
