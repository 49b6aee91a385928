import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXAMPLES, headersOf, jobPayload, SECRET, signatureOf, webhookRig } from '../intake/webhook-rig.ts';
import { changed, textOf, withHugeTexts } from './changed.ts';
import { beyondBounds } from './within-bounds.ts';

const NAMED = /\S.{8,}/;

/**
 * Checks that every response is one of ours with a message, and that only acknowledged deliveries are passed
 * on.
 */
async function delivers(body: string, headers: Record<string, string>): Promise<number> {
  const { app, handed } = webhookRig();
  const response = await app.request('/webhook', { method: 'POST', headers, body });
  const { message } = (await response.json()) as { message: string };
  expect([202, 400, 401, 403, 408, 411, 413, 415]).toContain(response.status);
  expect(message === 'stored' || message === 'known' || NAMED.test(message)).toBe(true);
  expect(handed.length).toBe(message === 'stored' ? 1 : 0);
  expect(handed.flatMap((seen) => beyondBounds(seen))).toEqual([]);
  return response.status;
}

test('a slightly changed, signed payload of GitHub is stored or refused with a reason', async () => {
  await fc.assert(
    fc.asyncProperty(changed(jobPayload()), async (payload) => {
      const body = textOf(payload);
      await delivers(body, headersOf(body));
    }),
    { numRuns: 600 },
  );
});

test('a signed job with random values is stored within its bounds, or refused with a reason', async () => {
  const { workflow_job: job, repository, ...rest } = jobPayload();
  const facts = { ...job, steps: [] };
  await fc.assert(
    fc.asyncProperty(changed(facts), async (workflow_job) => {
      const body = textOf({ ...rest, repository: { name: 'app', owner: { login: 'octo' } }, workflow_job });
      await delivers(body, headersOf(body));
    }),
    { numRuns: 600 },
  );
  expect(repository.name).toBe('app');
});

test('A22: a huge text in any place of a signed job is cut or refused', async () => {
  const { id, run_id, status, name, labels, html_url, created_at } = jobPayload().workflow_job;
  const job = { id, run_id, status, name, labels, html_url, created_at, workflow_name: 'ci' };
  for (const workflow_job of withHugeTexts(job, 10_000_000)) {
    const body = JSON.stringify({ repository: { name: 'app', owner: { login: 'octo' } }, workflow_job });
    await delivers(body, headersOf(body));
  }
}, 60_000);

test.each([0, -5, 0.5, 2 ** 53, 1e308, -0])('A4: a signed job with the id %d is refused', async (id) => {
  const body = JSON.stringify(jobPayload({ id }));
  expect(await delivers(body, headersOf(body))).toBe(400);
});

test('any text with any headers gets a response, and is never stored when unsigned', async () => {
  const names = [
    'x-github-event',
    'x-github-delivery',
    'content-type',
    'x-hub-signature-256',
    'x-github-hook-id',
  ];
  const header = fc.stringMatching(/^[\x20-\x7e]{0,200}$/);
  const headers = fc.dictionary(fc.constantFrom(...names), header);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 500 }), headers, async (body, over) => {
      const status = await delivers(body, { ...headersOf(body, { signature: null }), ...over });
      expect(status).not.toBe(202);
    }),
    { numRuns: 400 },
  );
});

test('a signature with another secret is refused for every event of GitHub', async () => {
  const payloads = EXAMPLES.flatMap(({ name, examples }) =>
    examples.slice(0, 1).map((payload) => ({ name, payload })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...payloads),
      fc.string({ minLength: 1 }).filter((secret) => secret !== SECRET),
      async ({ name, payload }, secret) => {
        const body = JSON.stringify(payload);
        const signature = signatureOf(body, secret);
        expect(await delivers(body, headersOf(body, { event: name, signature }))).toBe(401);
      },
    ),
    { numRuns: 100 },
  );
});
