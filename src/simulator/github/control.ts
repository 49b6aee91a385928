import { Hono } from 'hono';
import { z } from 'zod';
import { faultSchema } from '../faults.ts';
import type { GitHubWorld } from './github-world.ts';
import { setAssigning, setWithheld } from './jobs/assignment.ts';
import { deleteRepository } from './jobs/delete-repository.ts';
import type { JobSpec, Run } from './jobs/job.ts';
import { approveRun, cancelRun, currentJobs, pushWorkflow, rerun } from './jobs/runs.ts';
import type { GitHubOptions } from './options.ts';
import { notFound } from './refusal.ts';
import { ensureAccount, ensureRepository, renameRepository, repositoryOf } from './repositories.ts';
import { scopeKey } from './runners/runners.ts';
import { createHook } from './webhooks/create-hook.ts';

const repositoryName = z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'expected owner/name');

const stepFields = z.union([
  z.string().transform((run) => ({ name: `Run ${run.split('\n')[0]}`, run })),
  z.strictObject({ name: z.string(), run: z.string() }),
]);

const jobFields = z.strictObject({
  name: z.string().min(1),
  labels: z.array(z.string()).default([]),
  group: z.string().nullable().default(null),
  steps: z.array(stepFields).default([]),
  needsApproval: z.boolean().default(false),
}) satisfies z.ZodType<JobSpec>;

const workflowFields = z.strictObject({
  /** `owner/name`; a repository that does not exist is created. */
  repository: repositoryName,
  name: z.string().min(1).default('CI'),
  event: z.string().default('push'),
  branch: z.string().default('main'),
  jobs: z.array(jobFields).min(1),
});

const hookFields = z
  .strictObject({
    url: z.url(),
    secret: z.string().nullable().default(null),
    contentType: z.enum(['json', 'form']).default('json'),
    events: z.array(z.string()).default(['workflow_job']),
    repository: repositoryName.optional(),
    organization: z.string().optional(),
  })
  .refine(({ repository, organization }) => (repository === undefined) !== (organization === undefined), {
    message: 'expected either repository or organization',
  });

/** What an owner changes about a repository, or about what runners may do for it. */
const repositoryFields = z.strictObject({
  name: z
    .string()
    .regex(/^[^/\s]+$/, 'expected a name without owner')
    .optional(),
  isArchived: z.boolean().optional(),
  allowsRunners: z.boolean().optional(),
});

const tokenFields = z.record(
  z.string(),
  z.strictObject({
    login: z.string().optional(),
    scopes: z.array(z.string()).optional(),
    permissions: z.record(z.string(), z.enum(['read', 'write'])).optional(),
    repositories: z.array(repositoryName).optional(),
  }),
);

const switchFields = z.strictObject({ on: z.boolean() });

const rerunFields = z.strictObject({ failedOnly: z.boolean().default(false) });

/** Starts a run from plain data: the body of `POST /_sim/workflows`. */
export function pushFromFields(world: GitHubWorld, given: z.input<typeof workflowFields>): Run {
  const { repository, ...workflow } = workflowFields.parse(given);
  return pushWorkflow(world, ensureRepository(world, repository), workflow);
}

/**
 * The simulator's own routes, below `/_sim`, which GitHub does not have: without a token, but only for
 * clients on this machine.
 */
export function controlRoutes(world: GitHubWorld): Hono {
  const control = new Hono();
  const runAt = (id: string | undefined) => {
    const run = world.runs.get(Number(id));
    if (!run) throw notFound();
    return run;
  };

  control.get('/world', (c) => c.json(contentsOf(world)));

  control.post('/workflows', async (c) => {
    const run = pushFromFields(world, await c.req.json());
    return c.json(summary(run), 201);
  });

  control.post('/runs/:run/cancel', (c) => {
    cancelRun(world, runAt(c.req.param('run')));
    return c.body(null, 204);
  });

  control.post('/runs/:run/approve', (c) => {
    approveRun(world, runAt(c.req.param('run')));
    return c.body(null, 204);
  });

  control.post('/runs/:run/rerun', async (c) => {
    const run = runAt(c.req.param('run'));
    const text = await c.req.text();
    rerun(world, run, rerunFields.parse(text === '' ? {} : JSON.parse(text)));
    return c.json(summary(run), 201);
  });

  control.patch('/repositories/:owner/:repo', async (c) => {
    const repository = repositoryOf(world, c.req.param('owner'), c.req.param('repo'));
    const { name, ...changes } = repositoryFields.parse(await c.req.json());
    Object.assign(repository, changes);
    if (name !== undefined) renameRepository(world, repository, name);
    return c.json({ id: repository.id, fullName: repository.fullName });
  });

  control.delete('/repositories/:owner/:repo', (c) => {
    deleteRepository(world, repositoryOf(world, c.req.param('owner'), c.req.param('repo')));
    return c.body(null, 204);
  });

  // Replaces the rights of all tokens, from the next request on.
  control.put('/tokens', async (c) => {
    world.options.tokens = tokenFields.parse(await c.req.json()) as GitHubOptions['tokens'];
    return c.body(null, 204);
  });

  control.put('/assignment', async (c) => {
    setAssigning(world, switchFields.parse(await c.req.json()).on);
    return c.body(null, 204);
  });

  control.put('/jobs/:job/assignment', async (c) => {
    const job = world.jobs.get(Number(c.req.param('job')));
    if (!job) throw notFound();
    setWithheld(world, job, !switchFields.parse(await c.req.json()).on);
    return c.body(null, 204);
  });

  control.post('/hooks', async (c) => {
    const { repository, organization, ...hook } = hookFields.parse(await c.req.json());
    const target =
      repository === undefined
        ? ({ kind: 'organization', account: ensureAccount(world, organization ?? '') } as const)
        : ({ kind: 'repository', repository: ensureRepository(world, repository) } as const);
    return c.json({ id: createHook(world, { ...hook, target }).id }, 201);
  });

  control.get('/faults', (c) => c.json(world.faults.list().map(({ fault, hits }) => ({ ...fault, hits }))));

  control.post('/faults', async (c) => {
    for (const fault of z.array(faultSchema).parse(await c.req.json())) world.faults.add(fault);
    return c.body(null, 204);
  });

  control.delete('/faults', (c) => {
    world.faults.clear();
    return c.body(null, 204);
  });

  control.delete('/requests', (c) => {
    world.requests.reset();
    return c.body(null, 204);
  });

  return control;
}

function summary(run: Run) {
  return { runId: run.id, attempt: run.attempt, jobIds: currentJobs(run).map(({ id }) => id) };
}

/** Everything that matters at the end of a run, as plain data. */
function contentsOf(world: GitHubWorld) {
  return {
    jobs: [...world.jobs.values()].map(({ id, run, attempt, spec, state }) => ({
      id,
      runId: run.id,
      attempt,
      repository: run.repository.fullName,
      workflow: run.workflow.name,
      name: spec.name,
      labels: spec.labels,
      status: state.status,
      conclusion: state.conclusion,
      runner: state.runner?.name ?? null,
    })),
    runners: [...world.runners.values()].map(({ id, name, scope, state, job, labels }) => ({
      id,
      name,
      scope: scopeKey(scope),
      status: state.status,
      busy: job !== null,
      labels: labels.map((label) => label.name),
    })),
    hooks: [...world.hooks.values()].map(({ id, url }) => ({ id, url })),
    requests: world.requests.all(),
  };
}
