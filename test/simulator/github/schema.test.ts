import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { validateGitHubExchange, validateWebhook } from '../../support/github-schema.ts';

interface Examples {
  name: string;
  examples: { action?: string }[];
}

const examples = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json'),
    'utf8',
  ),
) as Examples[];
const examplesOf = (event: string) => examples.find(({ name }) => name === event)?.examples ?? [];

describe('GitHub’s own schemas', () => {
  test('accept GitHub’s own examples, except the oldest one, which lacks newer fields', () => {
    const jobs = examplesOf('workflow_job');
    expect(jobs.length).toBeGreaterThan(5);
    const [oldest, ...others] = jobs.map((payload) => validateWebhook('workflow_job', payload));
    expect(others.flat()).toEqual([]);
    expect(oldest?.join()).toContain("must have required property 'run_attempt'");
  });

  test('find a field that is missing and one of a wrong type', () => {
    const [, payload] = structuredClone(examplesOf('workflow_job')) as {
      workflow_job: Record<string, unknown>;
    }[];
    if (!payload) throw new Error('no example');
    payload.workflow_job.id = 'seven';
    delete payload.workflow_job.labels;
    const problems = validateWebhook('workflow_job', payload).join('\n');
    expect(problems).toContain('/workflow_job/id must be integer');
    expect(problems).toContain("must have required property 'labels'");
  });

  test('check a response against its own call', () => {
    const path = '/repos/o/r/actions/runners?per_page=1';
    const exchange = { method: 'GET', path, status: 200, responseBody: { total_count: 0, runners: [] } };
    expect(validateGitHubExchange(exchange)).toEqual([]);
    expect(validateGitHubExchange({ ...exchange, responseBody: { total_count: 0 } }).join()).toContain(
      'runners',
    );
    expect(validateGitHubExchange({ ...exchange, status: 302 }).join()).toContain('not described');
    expect(validateGitHubExchange({ ...exchange, path: '/repos/o/r/pulls' }).join()).toContain('not among');
  });

  test('check requests too, unless they were refused', () => {
    const request = {
      method: 'POST',
      path: '/orgs/o/actions/runners/generate-jitconfig',
      requestBody: { name: 'a' },
    };
    const refusal = { message: 'Invalid request.', documentation_url: '', status: '422' };
    expect(validateGitHubExchange({ ...request, status: 422, responseBody: refusal })).toEqual([]);
    const made = validateGitHubExchange({ ...request, status: 201, responseBody: {} }).join();
    expect(made).toContain("request  must have required property 'runner_group_id'");
  });
});
