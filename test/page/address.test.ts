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
    '#/usage?by=host&span=30d',
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
      range: '24h',
      host: null,
      by: 'repository',
      span: '7d',
      at: null,
    },
  });
  expect(placeOf('#/jobs?filter=nonsense&at=yesterday')).toMatchObject({
    view: 'jobs',
    filter: 'all',
    at: null,
  });
  expect(placeOf('#/job/7/nonsense')).toMatchObject({ view: 'job', tab: 'history' });
  expect(placeOf('#/usage?by=colour&span=1y')).toMatchObject({ view: 'usage', by: 'repository', span: '7d' });
  expect(placeOf('#/job/x').view).toBe('overview');
  expect(placeOf('#/nowhere').view).toBe('overview');
});
