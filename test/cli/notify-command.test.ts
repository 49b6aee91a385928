import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { notifyTestCommand } from '../../src/cli/commands/notify-command.ts';
import { receivingServer, status } from '../notices/receiving-server.ts';
import { recordingTerminal } from './recording-terminal.ts';

/** Runs the command with these receivers; `{file}` in a value is a file with the second argument. */
async function run(
  notify: Record<string, object>,
  { receiver, secret = '', json = false }: { receiver?: string; secret?: string; json?: boolean } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-notify-'));
  try {
    writeFileSync(join(folder, 'url'), `${secret}\n`);
    const path = join(folder, 'config.json');
    writeFileSync(
      path,
      JSON.stringify({
        github: { token: 'ghp_example', owner: 'acme', repository: 'app' },
        jeballto: { token: 'A'.repeat(36), base_url: 'http://127.0.0.1:1/v1' },
        labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
        notify,
      }),
    );
    const { terminal, lines } = recordingTerminal({ TEAM_URL: secret });
    const code = await notifyTestCommand(receiver, { config: path, json }, terminal);
    return { code, ...lines };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a test message goes to each receiver, with its URL from a variable, a file or a command', async () => {
  await using server = await receivingServer();
  const { code, out } = await run(
    {
      a: { form: 'slack', url: '${TEAM_URL}' },
      b: { form: 'webhook', url_file: 'url' },
      c: { form: 'webhook', url_command: ['printf', '%s', server.url] },
    },
    { secret: server.url },
  );
  expect({ code, out }).toEqual({ code: 0, out: ['a: sent', 'b: sent', 'c: sent'] });
  expect(server.received).toHaveLength(3);
  for (const { body } of server.received)
    expect(body.text).toBe(
      'jeballto-runner default: This is a test. Notifications of this daemon arrive here.',
    );
});

test('one receiver can be tried, and a failure is told with the status 1 and without the URL', async () => {
  await using server = await receivingServer();
  server.faults.push(status(404, {}, 'no_service'));
  const receivers = { a: { form: 'slack', url: server.url }, b: { form: 'slack', url: server.url } };
  const { code, out, err } = await run(receivers, { receiver: 'b' });
  expect({ code, out, err }).toEqual({
    code: 1,
    out: ['b: not sent. It returned status 404: no_service.'],
    err: expect.arrayContaining(['1 receiver was not reached.']),
  });
  const json = await run(receivers, { receiver: 'a', json: true });
  expect(JSON.parse(json.out.join(''))).toEqual({ receivers: [{ name: 'a', isSent: true }] });
});

test('a receiver that the config does not have is refused, with those that it has', async () => {
  await expect(run({})).rejects.toThrow('The config has no receiver: add one under notify.');
  await expect(run({ a: { form: 'slack', url: 'https://h.test/x' } }, { receiver: 'z' })).rejects.toThrow(
    'no receiver "z" under notify, but a.',
  );
});

test.each<[string, object, string, string]>([
  ['without a place', { form: 'slack' }, '', 'does not say where to send'],
  ['with a file without a URL', { form: 'slack', url_file: 'url' }, 's3cr3t', 'is not an http or https URL'],
  ['with a URL with a password', { form: 'slack', url: 'https://a:s3cr3t@h.test' }, '', 'without user'],
  ['with a command that fails', { form: 'slack', url_command: ['false'] }, '', 'exit code 1'],
  ['of another form', { form: 'pager', url: 'https://h.test' }, '', 'write webhook or slack'],
])('a receiver %s is refused, and nothing of its URL is said', async (_what, keys, secret, message) => {
  const error = await run({ team: keys }, { secret }).catch((reason: Error) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(String((error as Error).message)).toContain(message);
  expect(String((error as Error).message)).toContain('notify.team');
  expect(String((error as Error).message)).not.toContain('s3cr3t');
});
