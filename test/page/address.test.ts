import { expect, test } from 'vitest';
import { addressOf, placeOf } from '../../src/page/frame/address.js';

test('every view has an address that leads back to it', () => {
  for (const hash of [
    '#/',
    '#/?at=1700000000000',
    '#/jobs',
    '#/jobs?filter=failed&q=build+ios',
    '#/job/48211900301?filter=live&at=1700000000000',
    '#/job/7/sequence',
    '#/job/7/look',
    '#/trends',
    '#/trends?range=7d&at=1700000000000',
    '#/chart?job=7',
    '#/hosts?host=mini-1',
    '#/usage',
    '#/usage?range=30d&by=host',
  ]) {
    expect(addressOf(placeOf(hash))).toBe(hash);
  }
});

test('what an address does not say is as at the start, and an unknown one is the overview', () => {
  expect(placeOf('')).toEqual({
    ...{
      view: 'overview',
      jobId: null,
      tab: 'history',
      filter: 'all',
      search: '',
      range: null,
      host: null,
      by: 'repository',
      at: null,
    },
  });
  expect(placeOf('#/jobs?filter=nonsense&at=yesterday')).toMatchObject({
    view: 'jobs',
    filter: 'all',
    at: null,
  });
  expect(placeOf('#/job/7/nonsense')).toMatchObject({ view: 'job', tab: 'history' });
  expect(placeOf('#/usage?by=colour&range=1y')).toMatchObject({
    view: 'usage',
    by: 'repository',
    range: '7d',
  });
  // A range of another view.
  expect(placeOf('#/usage?range=1h').range).toBe('7d');
  expect(placeOf('#/trends?range=30d').range).toBe('24h');
  expect(placeOf('#/job/x').view).toBe('overview');
  expect(placeOf('#/nowhere').view).toBe('overview');
});
