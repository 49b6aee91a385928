import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StagedDaemon } from '../page/staged-daemon.ts';

let daemon: StagedDaemon;
beforeEach(async () => {
  daemon = await StagedDaemon.start();
});
afterEach(() => daemon.close());

const get = async (path: string) => (await fetch(`${daemon.url}${path}`)).json();

describe('orders', () => {
  const order = async (path: string, by: string) => {
    const response = await fetch(`${daemon.url}${path}`, {
      method: 'POST',
      headers: { 'x-operator': `UTF-8''${encodeURIComponent(by)}` },
    });
    return { status: response.status, ...((await response.json()) as { message?: string }) };
  };

  test('are in the journal and in the log with the name of who gave them', async () => {
    daemon.next(daemon.queue(31));
    expect((await order('/api/jobs/31/cancel', 'Ada\n\u202e Łovelace')).status).toBe(200);
    await daemon.store.durable();
    const { entries } = (await get('/api/jobs/31/journal')) as {
      entries: { kind?: string; event: string; detail: { by?: string } }[];
    };
    const given = entries.find(({ kind }) => kind === 'order');
    expect(given).toMatchObject({ event: 'operator.cancelled', detail: { by: 'Ada Łovelace' } });
    expect(daemon.state('31')).toBe('tearingDown.vm.acting, tearingDown.runner.gone, tearingDown.job.gone');
    await order('/api/hosts/mini-1/cordon', 'ada');
    expect(daemon.logged).toMatchObject([
      {
        job: 31,
        by: 'Ada Łovelace',
        event: 'operator.cancelled',
        msg: 'Ada Łovelace ordered: cancel job 31',
      },
      { host: 'mini-1', by: 'ada', event: 'operator.cordoned', msg: 'ada ordered: cordon host mini-1' },
    ]);
  });

  test('to forget a record are logged in words, too', async () => {
    daemon.queue(33);
    expect((await order('/api/records/33/forget', 'ada')).status).toBe(200);
    expect(daemon.logged.at(-1)).toMatchObject({
      event: 'operator.forgot',
      msg: 'ada ordered: forget the record of job 33',
    });
  });

  test('law 5: do not cancel a job that runs', async () => {
    const key = daemon.queue(32);
    for (let n = 0; n < 9; n += 1) daemon.next(key);
    expect(daemon.state(key)).toBe('running.busy.watching');
    const refused = await order('/api/jobs/32/cancel', 'ada');
    expect(refused).toMatchObject({ status: 409, message: expect.stringContaining('at GitHub') });
    expect(daemon.state(key)).toBe('running.busy.watching');
  });

  test('about an unknown job or host are refused with the reason', async () => {
    expect(await order('/api/jobs/99/cancel', 'ada')).toMatchObject({
      status: 404,
      message: expect.stringContaining('This daemon does not serve job 99 now'),
    });
    expect(await order('/api/jobs/99/retry', 'ada')).toMatchObject({ status: 404 });
    expect(await order('/api/hosts/none/cordon', 'ada')).toMatchObject({
      status: 404,
      message: expect.stringContaining('no host "none"'),
    });
  });
});
