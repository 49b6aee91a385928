import { beforeEach, describe, expect, test } from 'vitest';
import type { FailureCode } from '../../machines/failure.ts';
import type { Job } from '../../machines/job/context.ts';
import { JOB } from '../machines/job-samples.ts';
import { checking, OTHER, seen } from './checks-rig.ts';

let at: ReturnType<typeof checking>;
beforeEach(() => {
  at = checking();
});

describe('a job whose repository is gone', () => {
  const refused = async () => {
    at.checks.ask(JOB);
    await at.next().refuse('REPOSITORY_GONE');
  };
  beforeEach(async () => {
    await at.grantRights(JOB);
    await at.clock.pass(10_001);
    await refused();
  });

  test('is held back for ten minutes, since a token may lose a repository for some minutes', async () => {
    expect([at.gone, at.told]).toEqual([[], ['registration octo/app attempt.failed REPOSITORY_GONE']]);
    await at.clock.pass(10 * 60_000 - 1);
    await refused();
    expect(at.gone).toEqual([]);
  });

  test('is given up when that lasts for ten minutes', async () => {
    await at.clock.pass(10 * 60_000);
    await refused();
    expect(at.gone).toEqual(['101 REPOSITORY_GONE']);
  });

  test('has ten minutes again when the repository was seen or GitHub could not be asked', async () => {
    for (const between of ['is there', 'silence']) {
      await at.clock.pass(5 * 60_000);
      at.checks.ask(JOB);
      if (between === 'silence') await at.next().refuse('GITHUB_UNREACHABLE');
      else await at.next().answer(seen(JOB, { status: 'waiting' }));
      await at.clock.pass(5 * 60_000);
      await refused();
    }
    expect(at.gone).toEqual([]);
  });
});

describe('a repository whose runners its organization registers', () => {
  const gone = async (job: Job) => {
    at.checks.ask(job);
    await at.next().refuse('REPOSITORY_GONE');
  };
  beforeEach(async () => {
    at = checking('organization');
    await at.grantRights(JOB, OTHER);
    await at.clock.pass(10_001);
  });

  test.each<FailureCode>(['REPOSITORY_GONE', 'GITHUB_NOT_FOUND', 'GITHUB_PERMISSION_MISSING'])(
    'is held back alone when GitHub says %s of its job: the others of the organization are served',
    async (code) => {
      at.checks.ask(JOB);
      await at.next().refuse(code);
      expect(at.told).toEqual([`registration octo/app attempt.failed ${code}`]);
    },
  );

  test('is the organization’s trouble when the organization refuses', async () => {
    at = checking('organization');
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    at.checks.ask(JOB);
    expect(at.routes()).toEqual(['token octo']);
    await at.next().refuse('GITHUB_PERMISSION_MISSING');
    expect(at.told).toEqual(['registration octo attempt.failed GITHUB_PERMISSION_MISSING']);
  });

  test('is asked about again after a refusal, and its answer lets its jobs pass', async () => {
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    at.refused.until = at.clock.now() + 1;
    await at.clock.pass(1);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['asking', ['job octo app 101']]);
    await at.next().answer(seen(JOB));
    expect(at.told).toEqual(['registration octo/app attempt.served']);
    expect(at.checks.ask(JOB)).toBe('yes');
  });

  test('is gone for ten minutes by itself: another one of the organization counts neither way', async () => {
    await gone(JOB);
    await at.clock.pass(5 * 60_000);
    at.checks.ask(OTHER);
    await at.next().answer(seen(OTHER));
    await at.clock.pass(5 * 60_000);
    await gone(OTHER);
    expect(at.gone).toEqual([]);
    await gone(JOB);
    expect(at.gone).toEqual(['101 REPOSITORY_GONE']);
  });
});

describe('the right to register', () => {
  test('is probed once for each place before the first VM, in parallel with the question for the job', async () => {
    const SECOND: Job = { ...JOB, id: 102 };
    expect([at.checks.ask(JOB), at.checks.ask(SECOND)]).toEqual(['asking', 'asking']);
    expect(at.routes()).toEqual(['job octo app 101', 'token octo/app', 'job octo app 102']);
  });

  test('is needed: no job gets a VM while it is unknown, although the job is queued', async () => {
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    expect(at.checks.ask(JOB)).toBe('asking');
    await at.next().answer({ token: 'AAAA-secret', expiresAt: 0 });
    expect(at.checks.ask(JOB)).toBe('yes');
    await at.clock.pass(5_000);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['yes', []]);
  });

  test('law 7: is proven by a token that is not kept', async () => {
    at.checks.ask(JOB);
    at.next();
    await at.next().answer({ token: 'AAAA-secret', expiresAt: 0 });
    expect(JSON.stringify([at.observed, at.told])).not.toContain('secret');
  });

  test('is unknown again after a refusal: it is probed once before the next VM', async () => {
    await at.grantRights(JOB);
    at.refused.until = at.clock.now() + 1;
    await at.clock.pass(1);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['asking', ['token octo/app']]);
    await at.next().answer({});
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['yes', []]);
  });

  test('counts only against the breaker of its place when it is refused, and is probed again after 5 s', async () => {
    at.checks.observed(seen(JOB, { seenAt: at.clock.now() }));
    at.checks.ask(JOB);
    await at.next().refuse('GITHUB_PERMISSION_MISSING');
    expect(at.told).toEqual(['registration octo/app attempt.failed GITHUB_PERMISSION_MISSING']);
    expect(at.checks.ask(JOB)).toBe('no');
    await at.clock.pass(5_000);
    expect([at.checks.ask(JOB), at.routes()]).toEqual(['asking', ['token octo/app']]);
  });
});
