import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface DeliveredJob {
  id: number;
  status: 'queued' | 'completed';
  labels: string[];
}

/** GitHub's own example of a queued job for an App, published by Octokit: about 11 kB. */
const EXAMPLE = queuedExample();

/** A signed delivery for one job, as GitHub would send it. */
export function delivery(secret: string, { id, status, labels }: DeliveredJob) {
  const body = JSON.stringify({
    ...EXAMPLE,
    action: status,
    workflow_job: {
      ...EXAMPLE.workflow_job,
      id,
      run_id: id,
      status,
      // A job that was queued for longer than a day gets no VM.
      created_at: new Date().toISOString(),
      conclusion: status === 'completed' ? 'cancelled' : null,
      labels,
      runner_id: null,
      runner_name: null,
    },
    repository: {
      ...EXAMPLE.repository,
      name: 'app',
      full_name: 'acme/app',
      owner: { ...EXAMPLE.repository.owner, login: 'acme' },
    },
  });
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/bench',
    'x-github-event': 'workflow_job',
    'x-github-delivery': randomUUID() as string,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
  return { body, headers };
}

interface Example {
  action: string;
  installation?: object;
  workflow_job: Record<string, unknown>;
  repository: { owner: Record<string, unknown> };
}

function queuedExample(): Example {
  const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json');
  const all = JSON.parse(readFileSync(file, 'utf8')) as { name: string; examples: Example[] }[];
  const examples = all.find(({ name }) => name === 'workflow_job')?.examples ?? [];
  const example = examples.findLast(({ action, installation }) => action === 'queued' && installation);
  if (!example) throw new Error('there is no example of a queued job for an App');
  return example;
}
