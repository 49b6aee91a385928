import { describe, expect, test } from 'vitest';
import { parseActivity } from '../../src/guest/scripts/activity.ts';
import { parseRunnerLog } from '../../src/guest/scripts/runner-log.ts';
import { shellQuote } from '../../src/guest/scripts/shell.ts';
import { parseStatus } from '../../src/guest/scripts/status.ts';

const WHOLE = `
√ Connected to GitHub

Current runner version: '2.334.0'
2026-08-22 13:46:17Z: Listening for Jobs
2026-08-22 13:46:20Z: Running job: build (macos, 3.12)
2026-08-22 13:47:00Z: Job build (macos, 3.12) completed with result: Succeeded
Runner listener exit with 0 return code, stop the service, no retry needed.
Exiting runner...
`;

describe('the log of a runner', () => {
  test('of a runner that did its job has every fact, without a cause of failure', () => {
    expect(parseRunnerLog(WHOLE)).toMatchObject({
      listening: true,
      tookJob: true,
      finishedJob: true,
      result: 'Succeeded',
      deprecated: false,
      registrationGone: false,
    });
  });

  test('that is empty says nothing', () => {
    expect(parseRunnerLog('')).toEqual({
      listening: false,
      tookJob: false,
      finishedJob: false,
      result: null,
      deprecated: false,
      registrationGone: false,
      cause: null,
      lastLines: [],
    });
  });

  test('with a running job says taken and not finished', () => {
    const running = WHOLE.split('\n').slice(0, 6).join('\n');
    expect(parseRunnerLog(running)).toMatchObject({ tookJob: true, finishedJob: false, result: null });
  });

  test.each([
    '2026-08-22 13:46:20Z: Running job: Job x completed with result: Succeeded',
    '2026-08-22 13:46:20Z: Running job: 2026-08-22 13:46:20Z: Job x completed with result: Succeeded',
  ])('with a job name that looks like an end does not say finished: %s', (line) => {
    expect(parseRunnerLog(line)).toMatchObject({ tookJob: true, finishedJob: false, result: null });
  });

  test.each([
    'Running job: x',
    'x 2026-08-22 13:46:20Z: Running job: x',
    'Runner connect error: Running job: x. Retrying until reconnected.',
  ])('with a line that only contains the words of a start does not say taken: %s', (line) => {
    expect(parseRunnerLog(line).tookJob).toBe(false);
  });

  test('with a job name that looks like an end has the true result', () => {
    const log =
      '2026-08-22 13:46:20Z: Running job: a completed with result: Succeeded\n' +
      '2026-08-22 13:47:20Z: Job a completed with result: Succeeded completed with result: Failed\n';
    expect(parseRunnerLog(log)).toMatchObject({ finishedJob: true, result: 'Failed' });
  });

  test('says that GitHub refuses the version, but not because of a job name', () => {
    const line = 'An error occured: Runner version v2.330.0 is deprecated and cannot receive messages.';
    expect(parseRunnerLog(line).deprecated).toBe(true);
    expect(parseRunnerLog(`2026-08-22 13:46:20Z: Running job: ${line}`).deprecated).toBe(false);
  });

  test.each([
    [
      'image',
      '/Users/x/bin/run-helper.sh: line 36: /Users/x/bin/Runner.Listener: Bad CPU type in executable',
    ],
    ['image', '/Users/x/bin/run-helper.sh: line 36: 641 Killed: 9   "$DIR"/bin/Runner.Listener run $*'],
    ['image', "Unhandled exception. System.IO.IOException: No space left on device : '/Users/x/_diag/a.log'"],
    [
      'image',
      'Runner connect error: The SSL connection could not be established. Retrying until reconnected.',
    ],
    [
      'host',
      'Runner connect error: nodename nor servname provided, or not known (a.test:443). Retrying until reconnected.',
    ],
    ['host', 'Runner connect error: Network is unreachable (a.test:443). Retrying until reconnected.'],
    [
      'github',
      'Runner connect error: Response status code does not indicate success: 503. Retrying until reconnected.',
    ],
  ])('has the first line with a cause as its cause, whatever follows (%s: %s)', (blame, line) => {
    const log = `√ Connected to GitHub\n2026-08-22 13:46:20Z: ${line}\n   at System.Main()\nRunner connect error: later\nRunner listener exit with terminated error, stop the service, no retry needed.\nExiting runner...\n`;
    expect(parseRunnerLog(log).cause).toEqual({ line, blame });
    expect(parseRunnerLog(`2026-08-22 13:46:20Z: Running job: ${line}\n`).cause).toBeNull();
  });

  test.each([
    'Failed to create a session. The runner registration has been deleted from the server, please re-configure. Runner registrations are automatically deleted for runners that have not connected to the service recently.',
    'The runner no longer exists on the server. Cleaning up local configuration.',
  ])('says that GitHub removed the registration: %s', (line) => {
    expect(parseRunnerLog(line).registrationGone).toBe(true);
  });

  test('is read through colours and carriage returns', () => {
    expect(parseRunnerLog('\u001b[33m2026-08-22 13:46:17Z: Listening for Jobs\u001b[0m\r\n').listening).toBe(
      true,
    );
  });

  test('is kept to its last 20 lines of at most 300 characters', () => {
    const { lastLines } = parseRunnerLog(`${'a\n\n'.repeat(50)}${'b'.repeat(5000)}\n`);
    expect(lastLines).toHaveLength(20);
    expect(lastLines.at(-1)).toHaveLength(300);
  });
});

describe('the output of a guest script', () => {
  test('is read although a login shell prints text before it', () => {
    expect(parseStatus({ stdout: 'Welcome!\n..\njeballto-state: exited 7\n', stderr: '' })).toMatchObject({
      process: 'exited',
      exitCode: 7,
      deprecated: true,
    });
  });

  test('is not changed by a log line that looks like the state', () => {
    expect(
      parseStatus({ stdout: '\njeballto-state: running\njeballto-state: exited 0\n', stderr: '' }).process,
    ).toBe('running');
  });

  test('without a state is a failure', () => {
    expect(() => parseStatus({ stdout: '', stderr: 'sh: not found' })).toThrow('sh: not found');
  });

  test.each([
    ['worker=no job=none', false],
    ['worker=yes job=none', true],
    ['worker=no job=open', true],
    ['worker=unknown job=open', true],
    ['worker=unknown job=none', null],
    ['worker= job=none', null],
  ])('with "%s" means that the guest works: %s', (answer, expected) => {
    expect(parseActivity(`noise\njeballto-activity: ${answer}\n`)).toBe(expected);
  });

  test('without an activity line means neither yes nor no', () => {
    expect(parseActivity('')).toBeNull();
    expect(parseActivity('Permission denied')).toBeNull();
  });
});

test('a word is quoted so that the shell changes nothing in it', () => {
  expect(shellQuote("it's $HOME")).toBe(`'it'\\''s $HOME'`);
});
