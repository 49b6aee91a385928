import { expect, test } from 'vitest';
import { originOf } from '../../src/journal/story/origin.js';
import { JOB } from '../machines/job-samples.ts';

test('branch, commit and actor are named, each with its page at GitHub', () => {
  expect(originOf({ ...JOB, branch: 'feature/büild' }, 'ada')).toEqual([
    {
      label: 'branch',
      text: 'feature/büild',
      href: 'https://github.test/octo/app/actions?query=branch%3Afeature%2Fb%C3%BCild',
    },
    {
      label: 'commit',
      text: '3f2a1bc',
      href: 'https://github.test/octo/app/commit/3f2a1bc9d04e5a6b7c8d9e0f1a2b3c4d5e6f7a8b',
    },
    { label: 'by', text: 'ada', href: 'https://github.test/ada' },
  ]);
});

test('an App is linked as one', () => {
  expect(originOf(JOB, 'dependabot[bot]').at(-1)?.href).toBe('https://github.test/apps/dependabot');
});

test('what is not known is left out, as in the journals of earlier versions', () => {
  const { commit: _, branch: __, ...earlier } = JOB;
  expect(originOf(earlier, null)).toEqual([]);
  expect(originOf(undefined, null)).toEqual([]);
});

test.each([['javascript:alert(1)//x/y/z/actions/'], ['https://api.github.test/repos/octo/app'], ['']])(
  'an address that leads to no run gives no links: %s',
  (url) => {
    expect(originOf({ ...JOB, url }, 'ada').map(({ href }) => href)).toEqual([null, null, null]);
  },
);
