import { expect, test } from 'vitest';
import type { Api } from '../../src/page/session/api.js';
import { ShownJob } from '../../src/page/session/shown-job.js';

test('who started the run of a job is asked for once, and again only when something happened', async () => {
  const asked: string[] = [];
  const entries = [{ seq: 1, jobId: 7 }];
  const answers: Record<string, object> = {
    '/api/jobs/:id/journal': { entries },
    '/api/jobs/:id/around': { entries: [] },
    '/api/jobs/:id': { evidence: [] },
    '/api/jobs/:id/run': { actor: null },
  };
  const get = async (path: string) => {
    asked.push(path);
    return answers[path];
  };
  const shown = new ShownJob({ get } as never as Api, 7, { role: 'operator' });
  const times = async () => {
    for (let n = 0; n < 3; n += 1) await shown.load();
    return asked.filter((path) => path.endsWith('/run')).length;
  };
  expect(await times()).toBe(1);
  entries.push({ seq: 2, jobId: 7 });
  expect(await times()).toBe(2);
  answers['/api/jobs/:id/run'] = { actor: 'ada' };
  entries.push({ seq: 3, jobId: 7 });
  expect(await times()).toBe(3);
  entries.push({ seq: 4, jobId: 7 });
  expect(await times()).toBe(3);
  expect(shown.actor).toBe('ada');
});
