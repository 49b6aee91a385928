import { expect, test } from 'vitest';
import { attentionOf } from '../../src/journal/attention/attention.js';
import { applyEntry, emptyOverview } from '../../src/journal/overview.js';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';

const AT = 1_790_000_000_000;
const image = (digest: string) => ({ reference: 'r', digest });
const trial = { ...image('next'), host: 'mini' };

function entry(seq: number, detail: object): StoredJournalEntry {
  return {
    ...{ seq, kind: 'image', at: AT, actor: 'image:mac', jobId: 0, attempt: 0, host: null },
    ...{ event: 'image.back', from: 'trying', to: 'refused' },
    detail: { profile: 'mac', current: image('old'), trial: null, refused: null, ...detail },
  };
}

const items = (...details: object[]) => {
  const overview = emptyOverview();
  details.forEach((detail, index) => {
    applyEntry(overview, entry(index + 1, detail));
  });
  return attentionOf({ overview, now: AT, scopes: [], isSilent: false, unreadable: {}, runners: [] });
};

test('an image that was refused needs attention until another one is tried', () => {
  const refused = { ...image('next'), why: '3 of 3 VMs of it failed.', at: AT };
  expect(items({ refused })).toMatchObject([
    { kind: 'image', mood: 'warn', what: 'Next image of mac', sentence: refused.why, since: AT },
  ]);
  expect(items({ refused }, { trial })).toEqual([]);
  expect(items({ trial })).toEqual([]);
});
