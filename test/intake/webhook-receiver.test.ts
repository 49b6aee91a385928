import { describe, expect, test, vi } from 'vitest';
import {
  type DeliveryOptions,
  JSON_BODY,
  jobPayload,
  newInbox,
  type Payload,
  signatureOf,
  webhookRig,
} from './webhook-rig.ts';

const FORM_BODY = `payload=${encodeURIComponent(JSON_BODY)}`;
const FORM = 'application/x-www-form-urlencoded';

describe('a delivery is accepted', () => {
  test.each([
    ['as JSON', JSON_BODY, { type: 'application/json; charset=utf-8' }],
    ['as a form', FORM_BODY, { type: FORM }],
    ['with letters beyond ASCII', JSON.stringify(jobPayload({ name: 'Größe 📦 \u2028' })), {}],
    [
      'of the repository in another case',
      JSON.stringify(jobPayload({}, { repository: { name: 'APP', owner: { login: 'Octo' } } })),
      {},
    ],
  ] as [string, string, DeliveryOptions][])('%s', async (_name, body, options) => {
    const rig = webhookRig();
    expect(await rig.deliver(body, options)).toEqual({ status: 202, message: 'stored' });
    expect(rig.handed).toHaveLength(1);
  });

  test('from any repository of the owner when the config names none', async () => {
    const rig = webhookRig({ allowed: () => ({ owner: 'OCTO', repositories: null }) });
    expect((await rig.deliver(JSON_BODY)).status).toBe(202);
  });
});

describe('a delivery is refused', () => {
  const refusals: [string, number, string, Payload, DeliveryOptions][] = [
    ['unsigned', 401, 'not signed', JSON_BODY, { signature: null }],
    [
      'signed with another secret',
      401,
      'does not match',
      JSON_BODY,
      { signature: signatureOf(JSON_BODY, 'x') },
    ],
    [
      'signed over another body',
      401,
      'does not match',
      JSON_BODY,
      { signature: signatureOf(`${JSON_BODY} `) },
    ],
    ['signed in the old way', 401, 'does not match', JSON_BODY, { signature: 'sha1=00' }],
    ['signed with nothing', 401, 'does not match', JSON_BODY, { signature: 'sha256=' }],
    ['empty', 401, 'does not match', '', {}],
    [
      'signed without its byte-order mark',
      401,
      'does not match',
      `\uFEFF${JSON_BODY}`,
      { signature: signatureOf(JSON_BODY) },
    ],
    [
      'signed over what its broken UTF-8 would read as',
      401,
      'does not match',
      Buffer.concat([Buffer.from(JSON_BODY.slice(0, -1)), Buffer.from([0xff]), Buffer.from('}')]),
      { signature: signatureOf(`${JSON_BODY.slice(0, -1)}\uFFFD}`) },
    ],
    ['no UTF-8, though signed', 401, 'does not match', Buffer.from([0x7b, 0xff, 0x7d]), {}],
    [
      'a form that is signed over its payload only',
      401,
      'does not match',
      FORM_BODY,
      { type: FORM, signature: signatureOf(JSON_BODY) },
    ],
    ['a byte-order mark, though signed', 400, 'not JSON', `\uFEFF${JSON_BODY}`, {}],
    ['not JSON', 400, 'not JSON', '{"action":', {}],
    ['a form without a payload', 400, 'not JSON', 'a=b', { type: FORM }],
    ['a form that says it is JSON', 400, 'not JSON', FORM_BODY, {}],
    ['of a type that GitHub does not send', 415, 'application/json', JSON_BODY, { type: 'text/plain' }],
    ['longer than 25 MB', 413, '25 MB', JSON_BODY, { length: 25 * 1024 * 1024 + 1 }],
    ['longer than 25 MB, of no length', 413, '25 MB', Buffer.alloc(25 * 1024 * 1024 + 1), { length: null }],
    ['of no event', 400, 'X-GitHub-Event', JSON_BODY, { event: '' }],
    ['of no id', 400, 'X-GitHub-Delivery', JSON_BODY, { id: '' }],
    ['of an id that is none of GitHub’s', 400, 'X-GitHub-Delivery', JSON_BODY, { id: '../../etc' }],
    [
      'of another repository',
      403,
      'octo/other',
      jobPayload({}, { repository: { name: 'other', owner: { login: 'octo' } } }),
      {},
    ],
  ];

  test.each(refusals)('%s', async (_name, status, words, payload, options) => {
    const remember = vi.fn();
    const rig = webhookRig({ store: newInbox(remember) });
    const answer = await rig.deliver(payload, options);
    expect(answer.status).toBe(status);
    expect(answer.message).toContain(words);
    expect(remember).not.toHaveBeenCalled();
  });

  test('of another owner, when every repository of one owner is served', async () => {
    const rig = webhookRig({ allowed: () => ({ owner: 'acme', repositories: null }) });
    expect(await rig.deliver(JSON_BODY)).toMatchObject({
      status: 403,
      message: expect.stringContaining('octo/app'),
    });
  });

  test('always, without a secret', async () => {
    for (const secret of [null, '']) {
      const rig = webhookRig({ secret: () => secret });
      expect(
        await rig.deliver(JSON_BODY, { signature: signatureOf(JSON_BODY, secret ?? 'x') }),
      ).toMatchObject({
        status: 403,
        message: expect.stringContaining('github.webhook_secret'),
      });
      expect(rig.handed).toEqual([]);
    }
  });

  test('for its signature before its payload is parsed', async () => {
    const bad = await webhookRig().deliver('{', { signature: signatureOf('x') });
    const other = await webhookRig().deliver(
      jobPayload({}, { repository: { name: 'other', owner: { login: 'octo' } } }),
      { signature: signatureOf('x') },
    );
    expect(bad).toEqual(other);
  });
});

describe('a secret that is being changed', () => {
  const rotating = () => webhookRig({ secret: () => ['the new one', 'the old one'] });

  test.each(['the new one', 'the old one'])('accepts what is signed with %s', async (secret) => {
    const answer = await rotating().deliver(JSON_BODY, { signature: signatureOf(JSON_BODY, secret) });
    expect(answer.status).toBe(202);
  });

  test('refuses what is signed with a third one', async () => {
    const answer = await rotating().deliver(JSON_BODY, { signature: signatureOf(JSON_BODY, 'a third one') });
    expect(answer.status).toBe(401);
  });
});

describe('a refused delivery is logged', () => {
  test('once a minute for each reason, with the number of those since', async () => {
    const rig = webhookRig();
    for (let n = 0; n < 5; n += 1) await rig.deliver(JSON_BODY, { signature: null });
    await rig.deliver(JSON_BODY, { type: 'text/plain' });
    expect(rig.lines.map(({ status, unsaid }) => [status, unsaid])).toEqual([
      [401, 0],
      [415, 0],
    ]);
    rig.clock.advance(59_999);
    await rig.deliver(JSON_BODY, { signature: null });
    expect(rig.lines).toHaveLength(2);
    rig.clock.advance(1);
    await rig.deliver(JSON_BODY, { signature: null });
    expect(rig.lines.at(-1)).toMatchObject({ status: 401, unsaid: 5 });
    expect(rig.lines).toHaveLength(3);
  });

  test('without any text of the sender, verified or not', async () => {
    const MARK = 'SENDERS-WORDS';
    const rig = webhookRig();
    const repository = { name: MARK, owner: { login: MARK } };
    const headers = { 'x-forwarded-for': MARK, 'user-agent': MARK };
    const marked = JSON.stringify(jobPayload({ name: MARK }, { repository }));
    const sent: [Payload, DeliveryOptions][] = [
      [marked, {}],
      [marked, { signature: null }],
      [marked, { signature: MARK }],
      [marked, { type: MARK }],
      [marked, { event: `${MARK}!` }],
      [marked, { id: `${MARK}!` }],
      [marked, { headers: { 'content-length': MARK } }],
      [`${MARK}${marked}`, {}],
      [jobPayload({ id: MARK, [MARK]: MARK }), {}],
      [{ [MARK]: MARK }, {}],
      [{ zen: MARK, hook: { events: [MARK] } }, { event: 'ping' }],
      [MARK, { event: MARK.replace('-', '_') }],
    ];
    for (const [payload, options] of sent) {
      await rig.deliver(payload, { id: MARK, ...options, headers: { ...headers, ...options.headers } });
    }
    expect(rig.lines.length).toBeGreaterThan(6);
    expect(JSON.stringify(rig.lines)).not.toMatch(/SENDERS.WORDS/);
  });
});
