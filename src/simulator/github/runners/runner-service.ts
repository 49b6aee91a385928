import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { acquiredJob } from '../jobs/acquired-job.ts';
import { completeJob, type Leases, renewJob, reportStep, takeJob } from '../jobs/job-lease.ts';
import { notFound, Refusal } from '../refusal.ts';
import { type Accounts, organizationOf, repositoryOf } from '../repositories.ts';
import { nextMessage, openSession, sessionOf } from './connection.ts';
import { runnerFiles } from './jit-config.ts';
import { registerByToken } from './registration.ts';
import { mayRegister, type RegistrationTokens } from './registration-tokens.ts';
import type { Scope } from './runners.ts';

const registration = z.object({ url: z.url(), runner_event: z.literal('register') });
const newAgent = z.object({
  url: z.url(),
  name: z.string().min(1),
  labels: z.array(z.string()),
  group: z.string().nullable(),
  ephemeral: z.boolean(),
  replace: z.boolean(),
  hasDefaultLabels: z.boolean(),
  workFolder: z.string(),
});
const sessionFields = z.object({ version: z.string(), os: z.string(), time: z.number() });
const stepReport = z.object({
  number: z.int(),
  status: z.enum(['queued', 'in_progress', 'completed']),
  conclusion: z.enum(['success', 'failure', 'cancelled', 'skipped']).nullable(),
});
const completion = z.object({ conclusion: z.enum(['success', 'failure', 'cancelled']) });

/**
 * Returns the service for runners, below `/_runner`. Only the simulated runner uses it: GitHub's own protocol for
 * runners is not public. It has the same steps, from the registration token to the lease on a job.
 */
export function runnerService(world: Leases & RegistrationTokens): Hono {
  const service = new Hono();

  service.post('/agents', async (c) => {
    const { url, ...asked } = newAgent.parse(await c.req.json());
    const scope = scopeAt(world, url);
    const token = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (!mayRegister(world, token, scope)) throw notFound();
    return c.json({ files: runnerFiles(world, registerByToken(world, scope, asked)) });
  });

  service.post('/sessions', async (c) => {
    const identity = identityOf(c);
    const session = openSession(world, { ...identity, ...sessionFields.parse(await c.req.json()) });
    return c.json({ sessionId: session.id });
  });

  service.delete('/sessions/:session', (c) => {
    sessionAt(c).close('closed');
    return c.body(null, 204);
  });

  service.get('/sessions/:session/message', async (c) => {
    const message = await nextMessage(world, sessionAt(c), c.req.raw.signal);
    return message === null ? c.body(null, 202) : c.json(message);
  });

  service.post('/sessions/:session/jobs/:job', (c) =>
    c.json(acquiredJob(world, takeJob(world, sessionAt(c), Number(c.req.param('job'))))),
  );

  service.post('/job/renew', (c) => {
    renewJob(world, leaseToken(c));
    return c.body(null, 204);
  });

  service.post('/job/steps', async (c) => {
    reportStep(world, leaseToken(c), stepReport.parse(await c.req.json()));
    return c.body(null, 204);
  });

  service.post('/job/complete', async (c) => {
    completeJob(world, leaseToken(c), completion.parse(await c.req.json()).conclusion);
    return c.body(null, 204);
  });

  function sessionAt(c: Context) {
    const { clientId, secret } = identityOf(c);
    return sessionOf(world, c.req.param('session') ?? '', clientId, secret);
  }

  return service;
}

/** `POST /actions/runner-registration`, from which `config.sh` learns at which service it has to register. */
export async function answerRegistration(
  world: Accounts & RegistrationTokens,
  c: Context,
): Promise<Response> {
  const { url } = registration.parse(await c.req.json());
  const token = /^RemoteAuth (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  if (!mayRegister(world, token, scopeAt(world, url))) throw notFound();
  return c.json({ url: `${world.origin}/_runner/`, token, token_schema: 'OAuthAccessToken' });
}

/** The scope that `config.sh --url` names: one part is an organization, two are a repository. */
function scopeAt(world: Accounts, url: string): Scope {
  const [owner = '', name, ...rest] = new URL(url).pathname.split('/').filter((part) => part !== '');
  if (owner === '' || rest.length > 0) throw notFound();
  return name === undefined
    ? { kind: 'organization', account: organizationOf(world, owner) }
    : { kind: 'repository', repository: repositoryOf(world, owner, name) };
}

function identityOf(c: Context): { clientId: string; secret: string } {
  const basic = /^Basic (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  const [clientId, secret] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  if (!clientId || !secret) throw new Refusal(401, 'Who are you?', { kind: 'invalid_client' });
  return { clientId, secret };
}

function leaseToken(c: Context): string {
  return /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
}
