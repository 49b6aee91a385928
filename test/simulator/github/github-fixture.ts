import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { FaultPlan } from '../../../src/simulator/faults.ts';
import { pushFromFields } from '../../../src/simulator/github/control.ts';
import { createGitHubApp } from '../../../src/simulator/github/github-app.ts';
import type { GitHubWorld } from '../../../src/simulator/github/github-world.ts';
import { createGitHubWorld } from '../../../src/simulator/github/github-world.ts';
import { takeJob } from '../../../src/simulator/github/jobs/job-lease.ts';
import type { GitHubSettings } from '../../../src/simulator/github/options.ts';
import { ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { nextMessage, openSession } from '../../../src/simulator/github/runners/connection.ts';
import type { Runner } from '../../../src/simulator/github/runners/runners.ts';
import type { Session } from '../../../src/simulator/github/runners/session.ts';
import { startSimulatedGitHub } from '../../../src/simulator/github/simulated-github.ts';
import type { WebhookRequest } from '../../../src/simulator/github/webhooks/webhook-sender.ts';
import { validateGitHubExchange } from '../../support/github-schema.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { seededRandom } from '../agent/agent-fixture.ts';

export const REPOSITORY = 'octo/app';
export const RUNS = `/repos/${REPOSITORY}/actions/runs`;
export const RUNNERS = `/repos/${REPOSITORY}/actions/runners`;
export const ORG_RUNNERS = '/orgs/octo/actions/runners';
export const TOKEN = 'ghp_thetokenofatest';
export const MAC = ['self-hosted', 'macOS'];

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  body: any;
}

export interface CallOptions {
  token?: string | null;
  headers?: Record<string, string>;
}

type Ask = (method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Answer>;

/** Sends requests, and checks every exchange with the REST API against GitHub's own description. */
function validatedAsk(send: (path: string, init: RequestInit) => Promise<Response>): Ask {
  return async (method, path, body, { token = TOKEN, headers = {} } = {}) => {
    const response = await send(path, {
      method,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? undefined : JSON.parse(text);
    if (!path.startsWith('/_')) {
      const exchange = { method, path, requestBody: body, status: response.status, responseBody: answer };
      expect(validateGitHubExchange(exchange)).toEqual([]);
    }
    // Ids that a number cannot hold exactly become texts.
    const exact = text.replace(/"id":(\d{17,})/g, '"id":"$1"');
    const { status, headers: got } = response;
    return { status, headers: got, body: text === '' ? undefined : JSON.parse(exact) };
  };
}

/** A GitHub behind its real server. Closed by `await using`. */
export async function servedGitHub(settings: GitHubSettings = {}, clock: Clock = systemClock) {
  const github = await startSimulatedGitHub({ clock, random: seededRandom(1), settings });
  const origin = github.world.origin;
  const ask = validatedAsk((path, init) =>
    fetch(`${path.startsWith('/_') ? origin : github.url}${path}`, init),
  );
  return {
    ...github,
    ask,
    push: pusher(github.world),
    [Symbol.asyncDispose]: () => github.close(),
  };
}

/** A GitHub on virtual time, asked in process; its webhooks are collected. */
export function virtualGitHub(settings: GitHubSettings = {}) {
  const clock = new ManualClock();
  const random = seededRandom(1);
  const sent: WebhookRequest[] = [];
  const world = createGitHubWorld({
    clock,
    random,
    faults: new FaultPlan(clock, random),
    send: async (request) => {
      sent.push(request);
      return { status: 202, body: '' };
    },
    settings,
  });
  const app = createGitHubApp(world);
  return {
    clock,
    world,
    sent,
    ask: validatedAsk(async (path, init) => app.request(path, init)),
    push: pusher(world),
  };
}

/** A GitHub in process with the one repository. */
export function github(settings: GitHubSettings = {}) {
  const made = virtualGitHub(settings);
  ensureRepository(made.world, REPOSITORY);
  return made;
}

/** A GitHub with a repository, and shorthands for its runners. */
export function withRunners(settings: GitHubSettings = {}) {
  const made = github(settings);
  return {
    ...made,
    jit: (body: object, path = RUNNERS) => made.ask('POST', `${path}/generate-jitconfig`, body),
    names: async (path = RUNNERS) =>
      (await made.ask('GET', path)).body.runners.map(({ name }: { name: string }) => name),
  };
}

type JobFields = Parameters<typeof pushFromFields>[1]['jobs'][number];

/** Pushes a workflow; jobs want a Mac unless they say otherwise. */
function pusher(world: GitHubWorld) {
  return (jobs: readonly Partial<JobFields>[] = [{}], repository = REPOSITORY) =>
    pushFromFields(world, {
      repository,
      jobs: jobs.map((job, index) => ({ name: `job ${index + 1}`, labels: MAC, ...job })),
    });
}

export const jitBody = (name: string, labels: readonly string[] = MAC) => ({
  name,
  labels,
  runner_group_id: 1,
  work_folder: '_work',
});

/** Connects a registered runner, as the program in a guest does. */
export function connect(world: GitHubWorld, runner: Runner, version = '2.336.0'): Session {
  const { clientId, secret } = runner;
  return openSession(world, { clientId, secret, version, os: 'macOS', time: world.clock.now() });
}

export const never = new AbortController().signal;

/** Waits for the job that is assigned to a connected runner, and takes it. */
export async function take(world: GitHubWorld, session: Session) {
  const message = await nextMessage(world, session, never);
  return takeJob(world, session, message?.jobId ?? 0);
}

/** The runner of this name. */
export function runnerNamed(world: GitHubWorld, name: string): Runner {
  const found = [...world.runners.values()].find((runner) => runner.name === name);
  if (!found) throw new Error(`there is no runner ${name}`);
  return found;
}

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: payloads of several events
  payload: any;
}

/** A receiver of webhooks. Closed by `await using`. */
export async function webhookReceiver(status = 202) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const json = body.startsWith('{') ? body : (new URLSearchParams(body).get('payload') ?? 'null');
      received.push({ headers: request.headers, body, payload: JSON.parse(json) });
      response.writeHead(status).end('{"message":"stored"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    received,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    /** The deliveries so far, in short. */
    actions: () => received.map(({ payload }) => payload.action ?? 'ping'),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
