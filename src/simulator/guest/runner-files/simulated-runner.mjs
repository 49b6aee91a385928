// Plays GitHub's Actions runner in a simulated guest: `configure` as config.sh does, `run` as run.sh does. Each job runs
// in a process of its own, simulated-worker.mjs. What it prints and how it exits is the real runner's (runner source:
// Runner.cs, MessageListener.cs, JobDispatcher.cs, ConfigurationManager.cs); what it says to the server is not.
// Guests get a copy of this folder's files and of nothing else. SIM_RUNNER_RETRY_MS shortens the half minute between
// tries.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inRoot, openLog, requester, utc, VERSION, WORKER_EXITS } from './runner-process.mjs';

const WORKER = fileURLToPath(new URL('./simulated-worker.mjs', import.meta.url));
const RETRY_MS = Number(process.env.SIM_RUNNER_RETRY_MS ?? 30_000);
const RESULTS = { success: 'Succeeded', failure: 'Failed', cancelled: 'Canceled' };
const EXIT = { done: 0, terminated: 1, retryable: 2, sessionConflict: 5, deprecated: 7 };
const SWITCHES = ['unattended', 'ephemeral', 'replace', 'no-default-labels', 'disableupdate'];

/** Ends the process, with what it says last. */
class RunnerExit extends Error {
  constructor(exit, message = '') {
    super(message);
    this.code = EXIT[exit];
  }
}

const { trace } = openLog('Runner');
const request = requester({ trace });
const print = (line) => console.log(line);
const success = (message) => print(`\n√ ${message}\n`);
const base64 = (text) => Buffer.from(text, 'base64').toString('utf8');

/** The image's own variables, which win over those that the runner was started with. */
function loadEnvironmentFile() {
  if (!existsSync(inRoot('.env'))) return;
  for (const line of readFileSync(inRoot('.env'), 'utf8').split('\n')) {
    const [, name, value] = /^([^=\s]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name) process.env[name] = value;
  }
}

/** Arguments and, for what they do not name, ACTIONS_RUNNER_INPUT_ variables, which are deleted: no job sees them. */
function readInputs(args) {
  const inputs = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^actions_runner_input_/i.test(name)) continue;
    inputs[name.slice('actions_runner_input_'.length).toLowerCase()] = value.trim();
    delete process.env[name];
  }
  for (let i = 0; i < args.length; i += 1) {
    const name = args[i].replace(/^--/, '').toLowerCase();
    inputs[name] = SWITCHES.includes(name) ? 'true' : (args[++i] ?? '');
  }
  return inputs;
}

async function configure(inputs) {
  if (existsSync(inRoot('.runner'))) {
    const hint = "To reconfigure the runner, run 'config.cmd remove' or './config.sh remove' first.";
    throw new RunnerExit(
      'terminated',
      `Cannot configure the runner because it is already configured. ${hint}`,
    );
  }
  const missing = ['url', 'token'].find((name) => !inputs[name]);
  if (missing) {
    const problem = `Invalid configuration provided for ${missing}.`;
    throw new RunnerExit('terminated', `${problem} Terminating unattended configuration.`);
  }
  const labels = (inputs.labels ?? '').split(',').filter((label) => label !== '');
  const hasDefaultLabels = inputs['no-default-labels'] !== 'true';
  if (!hasDefaultLabels && labels.length === 0) {
    const flags = '--no-default-labels without specifying --labels';
    throw new RunnerExit('terminated', `Disabling default labels via ${flags} is not supported`);
  }
  const { url, token } = await findService(inputs);
  success('Connected to GitHub');
  const { status, message, files } = await request('POST', `${url}agents`, `Bearer ${token}`, {
    url: inputs.url,
    name: inputs.name || hostname(),
    labels,
    group: inputs.runnergroup || null,
    ephemeral: inputs.ephemeral === 'true',
    replace: inputs.replace === 'true',
    hasDefaultLabels,
    workFolder: inputs.work || '_work',
  });
  if (status !== 200) throw new RunnerExit('terminated', message);
  success('Runner successfully added');
  for (const [name, content] of Object.entries(files)) writeConfig(name, JSON.stringify(content));
  success('Settings Saved.');
  return EXIT.done;
}

/** Where runners of this address are registered. Three tries, but none after a 404: that is a wrong token. */
async function findService({ url, token }) {
  const endpoint = `${new URL(url).origin}/api/v3/actions/runner-registration`;
  for (let tries = 1; ; tries += 1) {
    const answer = await request('POST', endpoint, `RemoteAuth ${token}`, { url, runner_event: 'register' });
    if (answer.status === 200) return answer;
    console.error(`Http response code: ${answer.status} from 'POST ${endpoint}'`);
    if (answer.status === 404 || tries === 3) throw new RunnerExit('terminated', answer.message);
    await delay(Math.min(RETRY_MS, 3_000));
  }
}

const writeConfig = (name, content) => writeFileSync(inRoot(name), content, { mode: 0o600 });

function removeConfig() {
  for (const name of ['.runner', '.credentials', '.credentials_rsaparams'])
    rmSync(inRoot(name), { force: true });
}

async function run({ jitconfig }) {
  if (jitconfig) {
    let files;
    try {
      files = JSON.parse(base64(jitconfig));
    } catch {
      throw new RunnerExit('terminated', 'The JIT configuration cannot be read.');
    }
    for (const [name, content] of Object.entries(files)) writeConfig(name, Buffer.from(content, 'base64'));
  }
  if (!existsSync(inRoot('.runner'))) throw new RunnerExit('terminated', 'Runner is not configured.');
  const read = (name) => JSON.parse(readFileSync(inRoot(name), 'utf8'));
  // An image that was configured may hold one, by which the runner speaks as another.
  const settings = read(existsSync(inRoot('.runner_migrated')) ? '.runner_migrated' : '.runner');
  const identity = `${read('.credentials').Data.clientId}:${base64(read('.credentials_rsaparams').d)}`;
  const authorization = `Basic ${Buffer.from(identity).toString('base64')}`;
  const listener = {
    settings,
    authorization,
    service: settings.ServerUrl,
    stop: new AbortController(),
    cancel() {},
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      print('Exiting...');
      listener.cancel();
      listener.stop.abort();
    });
  }
  await openSession(listener);
  print(`Current runner version: '${VERSION}'`);
  print(`${utc()}Z: Listening for Jobs`);
  try {
    return await listen(listener);
  } finally {
    await request('DELETE', listener.session, authorization);
  }
}

async function openSession(listener) {
  const { service, authorization, stop } = listener;
  for (let tries = 1, conflicts = 0; !stop.signal.aborted; tries += 1) {
    // By the guest's own `date`, whose clock may be off.
    const time = Number(execFileSync('date', ['+%s'])) * 1000;
    const sessionRequest = { version: VERSION, os: 'macOS', time };
    const { status, typeName, message, sessionId } = await request(
      'POST',
      `${service}sessions`,
      authorization,
      sessionRequest,
    );
    if (status !== 0) success('Connected to GitHub');
    if (status === 200) {
      if (tries > 1) print(`${utc()}Z: Runner reconnected.`);
      listener.session = `${service}sessions/${sessionId}`;
      return;
    }
    if (typeName === 'invalid_client') {
      throw new RunnerExit(
        'terminated',
        'Failed to create a session. The runner registration has been deleted from the server, please re-configure. ' +
          'Runner registrations are automatically deleted for runners that have not connected to the service recently.',
      );
    }
    if (status === 409) {
      console.error('A session for this runner already exists.');
      if (++conflicts === 8) throw new RunnerExit('sessionConflict', `Failed to create session. ${message}`);
    }
    if (status === 400) {
      const problem =
        "The local machine's clock may be out of sync with the server time by more than five minutes.";
      console.error(`${problem} Please sync your clock with your domain or internet time and try again.`);
    }
    if (tries === 1)
      console.error(`${utc()}Z: Runner connect error: ${message}. Retrying until reconnected.`);
    await pause(stop.signal);
  }
  throw new RunnerExit('done');
}

const pause = (signal) => delay(RETRY_MS, undefined, { signal }).catch(() => undefined);

/** Takes jobs until there is a reason to end; an ephemeral runner takes one. */
async function listen(listener) {
  const { authorization, settings, stop } = listener;
  for (;;) {
    const message = await nextMessage(listener, stop.signal);
    if (message === null) return EXIT.done;
    if (message.kind !== 'job') continue;
    const job = await request('POST', `${listener.session}/jobs/${message.jobId}`, authorization);
    if (job.status !== 200) continue;
    const conclusion = await runJob(listener, job);
    if (settings.Ephemeral !== 'True') continue;
    removeConfig();
    const tellsResult = process.env.ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED === 'true';
    return tellsResult ? WORKER_EXITS[conclusion] : EXIT.done;
  }
}

/** Waits for a message; null when `signal` aborts. */
async function nextMessage(listener, signal) {
  for (let isCutOff = false; !signal.aborted; ) {
    const { status, ...answer } = await request(
      'GET',
      `${listener.session}/message`,
      listener.authorization,
      null,
      signal,
    );
    if (isCutOff && (status === 200 || status === 202)) print(`${utc()}Z: Runner reconnected.`);
    if (status === 200) return answer;
    if (status === 404) {
      removeConfig();
      throw new RunnerExit(
        'done',
        'The runner no longer exists on the server. Cleaning up local configuration.',
      );
    }
    if (status === 403) {
      const passesOn = process.env.ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE === '1';
      throw new RunnerExit(passesOn ? 'deprecated' : 'terminated', `An error occurred: ${answer.message}`);
    }
    if (status === 401) await openSession(listener);
    const isCutOffNow = status !== 202 && status !== 401;
    if (isCutOffNow && !signal.aborted) {
      if (!isCutOff)
        console.error(`${utc()}Z: Runner connect error: ${answer.message}. Retrying until reconnected.`);
      await pause(signal);
    }
    isCutOff = isCutOffNow;
  }
  return null;
}

/** Runs a job in a process of its own, and prints its end before it reports it to the server. */
async function runJob(listener, job) {
  const { service, settings } = listener;
  const lease = `Bearer ${job.leaseToken}`;
  print(`${utc()}Z: Running job: ${job.name}`);
  const worker = spawn(process.execPath, [WORKER, 'spawnclient'], {
    argv0: inRoot('bin/Runner.Worker'),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exit = new Promise((resolve) => worker.on('exit', resolve));
  worker.on('error', (error) => trace(error.message));
  worker.send({ job, service, settings });
  listener.cancel = () => worker.connected && worker.send({ cancel: true });
  const renewal = setInterval(async () => {
    if ((await request('POST', `${service}job/renew`, lease)).status === 404) listener.cancel();
  }, job.renewEveryMs);
  const ended = new AbortController();
  const cancellation = nextMessage(listener, ended.signal).then(
    (message) => message && listener.cancel(),
    () => undefined,
  );
  const code = await exit;
  clearInterval(renewal);
  ended.abort();
  await cancellation;
  const [conclusion] = Object.entries(WORKER_EXITS).find(([, value]) => value === code) ?? ['failure'];
  print(`${utc()}Z: Job ${job.name} completed with result: ${RESULTS[conclusion]}`);
  for (let tries = 0; tries < 5; tries += 1) {
    const { status } = await request('POST', `${service}job/complete`, lease, { conclusion });
    if (status !== 0 && status < 500) break;
    await delay(RETRY_MS);
  }
  return conclusion;
}

loadEnvironmentFile();
const [command, ...args] = process.argv.slice(2);
try {
  process.exitCode = await { configure, run }[command](readInputs(args));
} catch (error) {
  const exit =
    error instanceof RunnerExit
      ? error
      : new RunnerExit('retryable', `An error occurred: ${error.code ?? error.name}`);
  if (exit.message !== '') console.error(exit.message);
  trace(`Ended with ${exit.code}: ${exit.message}`);
  process.exitCode = exit.code;
}
process.exit();
