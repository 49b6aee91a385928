import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { NO_JOB } from '../../machines/job/context.ts';
import { askDaemon } from '../../src/cli/admin-client.ts';
import { jobsCommand } from '../../src/cli/commands/jobs-command.ts';
import { clock as timeOfDay } from '../../src/format.js';
import { HOLD } from '../machines/job-samples.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { jobView, NOW, settledJob } from './job-samples.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { runningDaemon } from './running-daemon.ts';

const clock = new ManualClock(NOW);

test('live jobs are listed above finished ones, each with its state, host, age, attempt and outcome', async () => {
  const lastFailure = failure('SSH_FORWARDING_FAILED', 'no port');
  const waiting = jobView(12, {
    phase: { tries: 2, nextTryAt: 0, lastFailure, enteredAt: NOW, deadlineAt: NOW },
  });
  const pulling = jobView(11, { state: 'creating.acting', progress: 'pulling 40 %' });
  const cause = failure('IMAGE_INVALID', 'The image asks for too much.');
  await using daemon = await runningDaemon({
    jobs: () => [waiting, { ...pulling, job: { ...pulling.job, queuedAt: NOW - 200_000 } }],
    recent: async () => [
      settledJob(10),
      settledJob(9, { outcome: 'lost', blame: 'image', conclusion: 'failure', cause, attempts: 3 }),
    ],
  });
  const { terminal, text } = recordingTerminal({}, clock);
  expect(await jobsCommand({ config: daemon.config }, terminal)).toBe(0);
  expect(text()).toBe(
    [
      'JOB  REPOSITORY  NAME             STATE      HOST   AGE      ATTEMPT  OUTCOME',
      '11   acme/app    CI / Unit tests  creating   mac-1  3 min    1        pulling 40 %',
      '12   acme/app    CI / Unit tests  sshReady   mac-1  2 min    1        SSH_FORWARDING_FAILED (try 3): no port',
      '10   acme/app    Lint             succeeded  mac-1  2 h ago  1',
      "9    acme/app    Lint             lost       mac-1  2 h ago  3        the image's fault. IMAGE_INVALID: The image asks for too much.",
    ].join('\n'),
  );
});

test('a VM that is held is listed with the job that failed in it, until when it is held and why', async () => {
  const hold = { ...HOLD, jobId: 11, at: NOW, until: NOW + 20 * 60_000 };
  const path = 'tearingDown.vm.held, tearingDown.runner.gone, tearingDown.job.gone';
  const { job } = jobView(NO_JOB);
  const held = { state: path, job: { ...job, queuedAt: NOW }, hold } as const;
  await using daemon = await runningDaemon({
    jobs: () => [
      jobView(NO_JOB, { ...held, key: '11' }),
      jobView(NO_JOB, { ...held, key: '12', hold: { ...hold, jobId: 12, by: null } }),
    ],
  });
  const { terminal, text } = recordingTerminal({}, clock);
  await jobsCommand({ config: daemon.config }, terminal);
  const until = `until ${timeOfDay(hold.until)} (for 20 min)`;
  expect(text().replace(/ +/g, ' ').split('\n').slice(1)).toEqual([
    `11 acme/app CI / Unit tests held mac-1 0 s 1 held for job 11 ${until}, by ada`,
    `12 acme/app CI / Unit tests held mac-1 0 s 1 held for job 12 ${until}, as its label says`,
  ]);
});

test('--json prints the response of the daemon unchanged', async () => {
  await using daemon = await runningDaemon({ jobs: () => [jobView(11)] });
  const { terminal, text } = recordingTerminal();
  await jobsCommand({ config: daemon.config, json: true }, terminal);
  expect(JSON.parse(text())).toEqual({
    jobs: [jobView(11)],
    beyond: 0,
    recent: [],
    waiting: [],
    unserved: [],
  });
});

const WAITS =
  'No free slot: all 4 are taken by job 51300000002 (app), running on mac-1 since 14:05:09, job 51300000003 (app), running on mac-2 since 14:05:11 and 2 more.';

async function waitingJobs(columns: number | null, color = false) {
  const longName = 'Build, sign and notarize the app for every platform that there is (Release, arm64)';
  const queued = jobView(12, { state: 'queued', vm: null });
  const why = { why: 'noSlot' as const, sentence: WAITS, frees: '', position: 1, until: null };
  await using daemon = await runningDaemon({
    jobs: () => [{ ...queued, job: { ...queued.job, name: longName } }, jobView(11)],
    recent: async () => [settledJob(10, { conclusion: 'failure' })],
    waiting: () => ({
      waiting: [{ key: '12', jobId: 12, ...why }],
      unserved: [
        {
          ...{ jobId: 5, owner: 'acme', repository: 'app', workflow: '', name: '', url: '', queuedAt: 0 },
          ...{ labels: ['ubuntu-latest'], why: 'noLabel' as const },
        },
      ],
    }),
    hosts: () => [{ name: 'mac-2', state: 'healthy', history: [], cordon: { by: 'ann', at: 0 } }],
  });
  const { terminal, lines } = recordingTerminal({}, clock, { columns, color });
  await jobsCommand({ config: daemon.config }, terminal);
  return lines.out;
}

test.each([80, 120, 200])(
  'at %i columns no line is wider, and the reason why a job waits is complete',
  async (columns) => {
    const lines = await waitingJobs(columns);
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain(WAITS);
    expect(lines.join('')).not.toContain('\u001b');
  },
);

test('a file or a pipe gets one line for each job, its reason included', async () => {
  const lines = await waitingJobs(null);
  expect(lines).toHaveLength(6);
  expect(lines.find((line) => line.startsWith('12 '))).toContain(WAITS);
});

test('cordoned hosts and jobs that no profile matches are listed below the table', async () => {
  expect((await waitingJobs(null)).slice(-2)).toEqual([
    'mac-2 takes no new jobs, since ann cordoned it.',
    '1 more job at GitHub cannot be served: no label of the config matches "ubuntu-latest".',
  ]);
});

test('states are coloured only when colour is wanted, and colour moves no column', async () => {
  const painted = await waitingJobs(120, true);
  expect(painted.join('')).toContain('\u001b[');
  expect(painted.map(stripVTControlCharacters)).toEqual(await waitingJobs(120));
});

test('a silent port and a port of another program each get their own advice', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (speaks) socket.end('SSH-2.0-OpenSSH_9.9\r\n');
  }).listen(0, '127.0.0.1');
  let speaks = false;
  await once(server, 'listening');
  const address = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: null };
  await expect(askDaemon(address, 'GET', '/api/jobs', { timeoutMs: 50 })).rejects.toThrow(
    'did not answer within 50 ms',
  );
  speaks = true;
  await expect(askDaemon(address, 'GET', '/api/jobs')).rejects.toThrow('does not speak HTTP');
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('an empty list of jobs is one sentence', async () => {
  await using daemon = await runningDaemon();
  const { terminal, text } = recordingTerminal();
  await jobsCommand({ config: daemon.config }, terminal);
  expect(text()).toMatch(/^No jobs: /);
});

test('the admin token of the config is sent, and a wrong one is explained', async () => {
  await using daemon = await runningDaemon({ jobs: () => [jobView(11)] }, 'operators only');
  const { terminal, text } = recordingTerminal();
  await jobsCommand({ config: daemon.config }, terminal);
  expect(text()).toContain('acme/app');
  daemon.write('something else');
  await expect(jobsCommand({ config: daemon.config }, terminal)).rejects.toThrow(
    /does not accept this admin\.token/,
  );
});

test('when no daemon runs, its address and the command that starts it are named', async () => {
  await using daemon = await runningDaemon();
  await daemon.close();
  const { terminal } = recordingTerminal();
  await expect(jobsCommand({ config: daemon.config }, terminal)).rejects.toMatchObject({
    name: 'NoDaemonError',
    message: `No daemon answers at ${daemon.url} (nothing listens there). Start one: jeballto-runner start`,
  });
});
