import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type Message, messageOf } from '../../src/notices/message.ts';
import { postMessage } from '../../src/notices/post-message.ts';
import type { Receiver } from '../../src/notices/receiver.ts';
import type { StoredNotice } from '../../src/store/tables/notices.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { cut, type Fault, receivingServer, silence, status } from './receiving-server.ts';

const AT = Date.UTC(2026, 10, 30, 7);

const row = (more: Partial<StoredNotice> = {}): StoredNotice => ({
  key: 'host mini-1',
  kind: 'host',
  mood: 'warn',
  what: 'Host mini-1',
  sentence: 'mini-1 has not answered for 1 min.',
  whom: 'jobs on mini-1',
  act: 'The owner of mini-1: check its agent.',
  link: null,
  begunAt: AT - 60_000,
  missingSince: null,
  endedAt: null,
  isTold: false,
  ...more,
});
const lost = row({
  key: 'ended 7',
  kind: 'job',
  mood: 'bad',
  what: 'Job build <!channel> & more',
  sentence: 'It was lost while it ran.',
  whom: 'acme/app',
  act: 'Run the job again at GitHub.',
  link: 'https://github.com/acme/app/actions/runs/1/job/7',
});
const over = row({ key: 'host mini-2', what: 'Host mini-2', isTold: true, endedAt: AT });

const receiver = (url: string, form: Receiver['form'] = 'webhook'): Receiver => ({
  ...{ name: 'ops', form, url, fetch, on: [], oldestWait: 0 },
});
const message = (rows: StoredNotice[] = [row()]): Message => messageOf(rows, 'default', AT);

test('a webhook gets JSON with each notice, its id and its instants, and all of it as a text', async () => {
  await using server = await receivingServer();
  expect(await postMessage(receiver(server.url), message([row(), over, lost]), systemClock)).toEqual({
    isSent: true,
  });
  const { body = {}, headers = {} } = server.received[0] ?? {};
  expect(headers['content-type']).toBe('application/json');
  expect(body).toMatchObject({
    at: '2026-11-30T07:00:00.000Z',
    controller: 'default',
    more: 0,
    notices: [
      { change: 'begun', kind: 'job', severity: 'critical', link: lost.link, endedAt: null },
      { change: 'begun', kind: 'host', severity: 'warning', begunAt: '2026-11-30T06:59:00.000Z' },
      { change: 'over', kind: 'host', endedAt: '2026-11-30T07:00:00.000Z' },
    ],
  });
  expect(body.text).toBe(
    [
      'jeballto-runner default: 2 things need attention, 1 thing is over.',
      '- Job build <!channel> & more: It was lost while it ran. For whom: acme/app. Next: Run the job again at GitHub. https://github.com/acme/app/actions/runs/1/job/7',
      '- Host mini-1: mini-1 has not answered for 1 min. For whom: jobs on mini-1. Next: The owner of mini-1: check its agent.',
      '- Host mini-2 is over after 1 min.',
    ].join('\n'),
  );
});

test('Slack gets one text, in which nothing from elsewhere is markup', async () => {
  await using server = await receivingServer();
  await postMessage(receiver(server.url, 'slack'), message([lost, over]), systemClock);
  expect(server.received[0]?.body).toEqual({
    text: [
      'jeballto-runner default: 1 thing needs attention, 1 thing is over.',
      ':red_circle: *Job build &lt;!channel&gt; &amp; more*: It was lost while it ran. For whom: acme/app. Next: Run the job again at GitHub. https://github.com/acme/app/actions/runs/1/job/7',
      ':white_check_mark: *Host mini-2* is over after 1 min.',
    ].join('\n'),
  });
});

test('a flood is one message with the worst first, as long as Slack takes, and says how many more there are', async () => {
  await using server = await receivingServer();
  const many = Array.from({ length: 90 }, (_, n) => row({ key: `host ${n}`, sentence: 'x'.repeat(400) }));
  await postMessage(receiver(server.url), message([...many, lost]), systemClock);
  await postMessage(receiver(server.url, 'slack'), message([...many, lost]), systemClock);
  const [json, slack] = server.received.map(({ body }) => body);
  expect(json).toMatchObject({ more: 71, notices: expect.objectContaining({ length: 20 }) });
  expect(json).toMatchObject({ notices: expect.arrayContaining([expect.objectContaining({ kind: 'job' })]) });
  expect(JSON.stringify(json?.notices)).toMatch(/^\[\{"id":"\w+","change":"begun","kind":"job"/);
  const text = String(slack?.text);
  expect(text.length).toBeLessThanOrEqual(4_000);
  expect(text).toMatch(/The page shows 8\d more\.$/);
});

test('the id of a notice is the same each time, and another one when it begins again or is over', () => {
  const idOf = (one: StoredNotice) => messageOf([one], 'default', Date.now()).notices[0]?.id;
  expect(idOf(row())).toBe(idOf(row({ sentence: 'another', isTold: true })));
  expect(new Set([row(), row({ begunAt: AT }), over, row({ endedAt: AT })].map(idOf)).size).toBe(4);
});

test.each<[string, Fault, object]>([
  ['an error of the server is tried again', status(500), { isRefusal: false, retryAfter: null }],
  ['429 with seconds', status(429, { 'retry-after': '30' }), { isRefusal: false, retryAfter: 30_000 }],
  [
    '429 with a date',
    status(429, { 'retry-after': new Date(AT + 90_000).toUTCString() }),
    { isRefusal: false, retryAfter: 90_000 },
  ],
  ['429 with nonsense', status(429, { 'retry-after': 'soon' }), { isRefusal: false, retryAfter: null }],
  ['a URL that is not known any more', status(404, {}, 'no_service'), { isRefusal: true }],
  [
    'a redirect is refused',
    status(302, { location: 'http://127.0.0.1:1/elsewhere' }),
    { isRefusal: true, why: expect.stringContaining('final address') },
  ],
  ['a connection that is cut', cut, { isRefusal: false, why: expect.stringContaining('cannot be reached') }],
])('%s', async (_what, fault, expected) => {
  await using server = await receivingServer();
  server.faults.push(fault);
  const clock = new ManualClock(AT);
  const posted = await postMessage(receiver(server.url), message(), clock);
  expect(posted).toMatchObject({ isSent: false, ...expected });
  expect(server.received).toHaveLength(1);
  expect(clock.alarms).toEqual([]);
});

test('a receiver that does not answer is given up after ten seconds', async () => {
  await using server = await receivingServer();
  server.faults.push(silence);
  const clock = new ManualClock(AT);
  const posting = postMessage(receiver(server.url), message(), clock);
  await server.until(1);
  clock.advance(10_000);
  expect(await posting).toEqual({
    ...{ isSent: false, why: 'It did not answer within 10 s.', retryAfter: null, isRefusal: false },
  });
});

test('law 7: what is said of a failure has no part of the URL', async () => {
  await using server = await receivingServer();
  const echo = status(403, {}, `refused: ${server.url} and /services/T0/B0/s3cr3t-part ${'y'.repeat(5_000)}`);
  const { pathname } = new URL(server.url);
  const atTheCut = status(403, {}, `${'x'.repeat(90)} of ${pathname} ${'y '.repeat(300)}`);
  const inParts = status(403, {}, 'no s3cr3t-part, and no v4lue');
  const again = status(403, {}, `${`${server.url} `.repeat(6)}${server.url}`);
  const cutOff = status(403, {}, `${`${server.url} `.repeat(20)}`.slice(0, 70_000));
  server.faults.push(echo, atTheCut, inParts, again, cutOff, cut, status(301, { location: server.url }));
  const whys = [];
  for (let n = 0; n < 7; n += 1) whys.push(await postMessage(receiver(server.url), message(), systemClock));
  whys.push(await postMessage(receiver('http://127.0.0.1:1/s3cr3t-part?v4lue'), message(), systemClock));
  whys.push(await postMessage(receiver('http:/bad host/s3cr3t-part'), message(), systemClock));
  for (const posted of whys) {
    expect(posted.isSent).toBe(false);
    expect(JSON.stringify(posted)).not.toMatch(/s3cr3t|v4lue/);
    expect(JSON.stringify(posted).length).toBeLessThan(400);
  }
});
