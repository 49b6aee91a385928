import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../../src/clock.ts';
import { listen } from '../../src/http/listen.ts';
import { createPublicApp } from '../../src/http/public-app.ts';
import { createWebhookReceiver } from '../../src/intake/webhooks/webhook-receiver.ts';
import { createLog } from '../../src/log.ts';
import { BENCH_SECRET } from './bench-config.ts';
import { serveQuestions } from './child.ts';

// The servers that our intake is compared with, each in its own process: the same route without a store, the
// least that Node needs for a verified webhook, and Probot with an empty handler.

serveQuestions({
  sameRoute: async () => {
    const log = createLog({ level: 'info', format: 'json', secrets: [BENCH_SECRET] });
    const webhook = createWebhookReceiver({
      secret: () => BENCH_SECRET,
      allowed: () => ({ owner: 'acme', repositories: ['acme/app'] }),
      configuredName: () => null,
      store: { remember: async () => 'stored' },
      clock: systemClock,
      takesJobs: () => true,
      onNew: () => undefined,
      onStored: () => undefined,
      log,
    });
    const app = createPublicApp({
      webhook,
      watch: (_c, next) => next(),
      canStore: () => true,
    });
    return (await listen(app, { host: '127.0.0.1', port: 0 }, 'bench')).url;
  },
  bareNode: () => serve(bareNode),
  /** `folder` is where Probot is installed. */
  probot: async ({ folder }: { folder: string }) => {
    const from = createRequire(`${folder}/package.json`);
    const probot = (await import(pathToFileURL(from.resolve('probot')).href)) as ProbotModule;
    const app = probot.createProbot({
      overrides: { appId: 1, privateKey: 'none', secret: BENCH_SECRET, logLevel: 'fatal' },
    });
    const middleware = await probot.createNodeMiddleware(
      (robot) => robot.on('workflow_job', () => undefined),
      {
        probot: app,
        webhooksPath: '/webhook',
      },
    );
    return serve((request, response) => void middleware(request, response));
  },
});

interface ProbotModule {
  createProbot(options: { overrides: object }): unknown;
  createNodeMiddleware(
    app: (robot: { on(event: string, handler: () => void): void }) => void,
    options: { probot: unknown; webhooksPath: string },
  ): Promise<RequestListener>;
}

const bareNode: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const expected = Buffer.from(`sha256=${createHmac('sha256', BENCH_SECRET).update(body).digest('hex')}`);
    const given = Buffer.from(String(request.headers['x-hub-signature-256']));
    const isGenuine = given.length === expected.length && timingSafeEqual(given, expected);
    if (isGenuine) JSON.parse(body.toString());
    response.writeHead(isGenuine ? 202 : 401).end();
  });
};

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
