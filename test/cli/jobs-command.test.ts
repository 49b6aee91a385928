import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { jobsCommand } from '../../src/cli/commands/jobs-command.ts';
import { jobView, NOW, settledJob } from './job-samples.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { runningDaemon } from './running-daemon.ts';

const clock = { now: () => NOW, sleepUntil: () => Promise.resolve() };

test('live jobs stand above those that are over, each with its state, host, age, attempt and outcome', async () => {
  const lastFailure = failure('SSH_NOT_READY', 'no banner yet');
  const waiting = jobView(12, {
    phase: { tries: 2, nextTryAt: 0, lastFailure, enteredAt: NOW, deadlineAt: NOW },
  });
  const pulling = jobView(11, { state: 'creating.acting', progress: 'pulling 40 %' });
  const cause = failure('IMAGE_INVALID', 'The image asks for too much.');
  await using daemon = await runningDaemon({
    jobs: () => [waiting, { ...pulling, job: { ...pulling.job, queuedAt: NOW - 200_000 } }],
    recent: async () => [
      settledJob(10),
      settledJob(9, { outcome: 'failed', conclusion: null, cause, attempts: 3, host: null }),
    ],
  });
  const { terminal, text } = recordingTerminal({}, clock);
  expect(await jobsCommand({ config: daemon.config }, terminal)).toBe(0);
  expect(text()).toBe(
    [
      'JOB  REPOSITORY  NAME             STATE     HOST   AGE     ATTEMPT  OUTCOME',
      '11   acme/app    CI / Unit tests  creating  mac-1  3m 20s  1        pulling 40 %',
      '12   acme/app    CI / Unit tests  sshReady  mac-1  1m 35s  1        SSH_NOT_READY (try 3)',
      '10   acme/app    Lint             done      mac-1  2h ago  1        success',
      '9    acme/app    Lint             failed           2h ago  3        IMAGE_INVALID: The image asks for too much.',
    ].join('\n'),
  );
});

test('--json passes on what the daemon says', async () => {
  await using daemon = await runningDaemon({ jobs: () => [jobView(11)] });
  const { terminal, text } = recordingTerminal();
  await jobsCommand({ config: daemon.config, json: true }, terminal);
  expect(JSON.parse(text())).toEqual({ jobs: [jobView(11)], beyond: 0, recent: [] });
});

test('no jobs are said in a sentence', async () => {
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
  await expect(jobsCommand({ config: daemon.config }, terminal)).rejects.toThrow(/another admin\.token/);
});

test('a daemon that is not there is told with its address and what starts it', async () => {
  await using daemon = await runningDaemon();
  await daemon.close();
  const { terminal } = recordingTerminal();
  await expect(jobsCommand({ config: daemon.config }, terminal)).rejects.toMatchObject({
    name: 'NoDaemonError',
    message: `No daemon answers at ${daemon.url} (nothing listens there). Start one: jeballto-runner start`,
  });
});
