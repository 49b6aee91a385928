// The worker of the simulated runner: runs one job, which the listener sends it, and ends with the listener.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, openLog, requester, WORKER_EXITS } from './runner-process.mjs';

const log = openLog('Worker');
const request = requester(log);

/** Whether the job is cancelled, and the process groups of its steps. */
const state = { isCancelled: false, groups: [] };

const signalAll = (signal) => {
  for (const { pid } of state.groups) {
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended by itself, or never began.
    }
  }
};
// Control-C reaches the whole group; the listener says what to do about it.
process.on('SIGINT', () => undefined);
process.on('exit', () => signalAll('SIGKILL'));
process.on('disconnect', () => process.exit(WORKER_EXITS.cancelled));
process.on('message', (message) => {
  if (message.job) {
    void runSteps(message).then((conclusion) => process.exit(WORKER_EXITS[conclusion]));
    return;
  }
  state.isCancelled = true;
  signalAll('SIGINT');
  setTimeout(() => signalAll('SIGTERM'), 7_500).unref();
  setTimeout(() => signalAll('SIGKILL'), 10_000).unref();
});

async function runSteps({ job, service, settings }) {
  const { env, temp, workspace } = makeFolders(job, settings);
  const report = (number, status, conclusion = null) =>
    request('POST', `${service}job/steps`, `Bearer ${job.leaseToken}`, { number, status, conclusion });
  await report(1, 'completed', 'success');
  let conclusion = 'success';
  for (const { number, name, run } of job.steps) {
    if (state.isCancelled) conclusion = 'cancelled';
    if (conclusion !== 'success') {
      await report(number, 'completed', conclusion === 'cancelled' ? conclusion : 'skipped');
      continue;
    }
    await report(number, 'in_progress');
    const script = join(temp, `${number}.sh`);
    writeFileSync(script, run);
    const code = await runStep(script, { cwd: workspace, env });
    log.trace(`Step "${name}" ended with ${code}`);
    conclusion = state.isCancelled ? 'cancelled' : code === 0 ? 'success' : 'failure';
    await report(number, 'completed', conclusion);
  }
  await report(job.steps.length + 2, 'completed', 'success');
  return conclusion;
}

function runStep(script, where) {
  // A group of its own, so that a cancellation reaches everything that the step started.
  const step = spawn('bash', ['-e', script], { ...where, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  state.groups.push(step);
  for (const stream of [step.stdout, step.stderr]) stream.on('data', (text) => log.append(text));
  return new Promise((resolve) => {
    step.on('error', () => resolve(127));
    step.on('exit', resolve);
  });
}

function makeFolders({ variables }, settings) {
  const [, name = ''] = variables.GITHUB_REPOSITORY.split('/');
  const workspace = inRoot(settings.WorkFolder, name, name);
  const temp = inRoot(settings.WorkFolder, '_temp');
  for (const folder of [workspace, temp]) mkdirSync(folder, { recursive: true });
  const files = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'].map((one) => [
    one,
    join(temp, one),
  ]);
  for (const [, path] of files) writeFileSync(path, '');
  const runner = {
    RUNNER_ARCH: 'ARM64',
    RUNNER_NAME: settings.AgentName,
    RUNNER_OS: 'macOS',
    RUNNER_TEMP: temp,
  };
  const own = { CI: 'true', GITHUB_WORKSPACE: workspace, ...runner, ...Object.fromEntries(files) };
  return { workspace, temp, env: { ...process.env, ...variables, ...own } };
}
