// Plays GitHub's Actions runner in a simulated guest: `configure` as config.sh does, `run` as run.sh does, and
// `spawnclient` as the worker that runs one job. What it prints and how it exits is the real runner's (runner source:
// Runner.cs, MessageListener.cs, JobDispatcher.cs, ConfigurationManager.cs); what it says to the server is not.
// One file, since guests get a copy of just this one; the runner's folder is the working directory.
// SIM_RUNNER_RETRY_MS shortens the half minute between tries.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = process.cwd();
const VERSION = process.env.SIM_RUNNER_VERSION ?? '2.336.0';
const RETRY_MS = Number(process.env.SIM_RUNNER_RETRY_MS ?? 30_000);
const RESULTS = { success: 'Succeeded', failure: 'Failed', cancelled: 'Canceled' };
const WORKER_EXITS = { success: 100, failure: 102, cancelled: 103 };
const EXIT = { done: 0, terminated: 1, retryable: 2, sessionConflict: 5, deprecated: 7 };
const SWITCHES = ['unattended', 'ephemeral', 'replace', 'no-default-labels', 'disableupdate'];

/** The end of the process, with what it says last. */
class End extends Error {
  constructor(exit, message = '') {
    super(message);
    this.code = EXIT[exit];
  }
}

const utc = () => new Date().toISOString().slice(0, 19).replace('T', ' ');
const file = (name) => join(ROOT, name);
const say = (line) => console.log(line);
const success = (message) => say(`\n√ ${message}\n`);
const base64 = (text) => Buffer.from(text, 'base64').toString('utf8');

const [command, ...rest] = process.argv.slice(2);
const role = command === 'spawnclient' ? 'Worker' : 'Runner';
const logFile = join(ROOT, '_diag', `${role}_${utc().replace(/[-:]/g, '').replace(' ', '-')}-utc.log`);
const trace = (text) => appendFileSync(logFile, `[${utc()}Z INFO ${role}] ${text}\n`);

/** Arguments and, where those are silent, ACTIONS_RUNNER_INPUT_ variables, which are gone from here on: no job sees them. */
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

/** Sends JSON. The status is 0, and `message` says why, when nothing answered. */
async function call(method, url, authorization, body, signal) {
  const patience = AbortSignal.timeout(100_000);
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization, 'user-agent': `GitHubActionsRunner/${VERSION}` },
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    trace(`${method} ${new URL(url).pathname} answered ${response.status}`);
    const { status } = response;
    return {
      message: `the server answered ${status}`,
      ...(text.startsWith('{') ? JSON.parse(text) : {}),
      status,
    };
  } catch (error) {
    // Not its own message: one about headers would quote them.
    return { status: 0, message: error.cause?.message ?? error.name };
  }
}

async function configure(inputs) {
  if (existsSync(file('.runner'))) {
    const mend = "To reconfigure the runner, run 'config.cmd remove' or './config.sh remove' first.";
    throw new End('terminated', `Cannot configure the runner because it is already configured. ${mend}`);
  }
  const missing = ['url', 'token'].find((name) => !inputs[name]);
  if (missing) {
    const problem = `Invalid configuration provided for ${missing}.`;
    throw new End('terminated', `${problem} Terminating unattended configuration.`);
  }
  const labels = (inputs.labels ?? '').split(',').filter((label) => label !== '');
  const hasDefaultLabels = inputs['no-default-labels'] !== 'true';
  if (!hasDefaultLabels && labels.length === 0) {
    const flags = '--no-default-labels without specifying --labels';
    throw new End('terminated', `Disabling default labels via ${flags} is not supported`);
  }
  const { url, token } = await findService(inputs);
  success('Connected to GitHub');
  const { status, message, files } = await call('POST', `${url}agents`, `Bearer ${token}`, {
    url: inputs.url,
    name: inputs.name || hostname(),
    labels,
    group: inputs.runnergroup || null,
    ephemeral: inputs.ephemeral === 'true',
    replace: inputs.replace === 'true',
    hasDefaultLabels,
    workFolder: inputs.work || '_work',
  });
  if (status !== 200) throw new End('terminated', message);
  success('Runner successfully added');
  for (const [name, content] of Object.entries(files)) writeConfig(name, JSON.stringify(content));
  success('Settings Saved.');
  return EXIT.done;
}

/** Where runners of this address are registered. Three tries, but none after a 404: that is a wrong token. */
async function findService({ url, token }) {
  const endpoint = `${new URL(url).origin}/api/v3/actions/runner-registration`;
  for (let tries = 1; ; tries += 1) {
    const answer = await call('POST', endpoint, `RemoteAuth ${token}`, { url, runner_event: 'register' });
    if (answer.status === 200) return answer;
    console.error(`Http response code: ${answer.status} from 'POST ${endpoint}'`);
    if (answer.status === 404 || tries === 3) throw new End('terminated', answer.message);
    await delay(Math.min(RETRY_MS, 3_000));
  }
}

const writeConfig = (name, content) => writeFileSync(file(name), content, { mode: 0o600 });

function removeConfig() {
  for (const name of ['.runner', '.credentials', '.credentials_rsaparams'])
    rmSync(file(name), { force: true });
}

async function run({ jitconfig }) {
  if (jitconfig) {
    let files;
    try {
      files = JSON.parse(base64(jitconfig));
    } catch {
      throw new End('terminated', 'The JIT configuration cannot be read.');
    }
    for (const [name, content] of Object.entries(files)) writeConfig(name, Buffer.from(content, 'base64'));
  }
  if (!existsSync(file('.runner'))) throw new End('terminated', 'Runner is not configured.');
  const read = (name) => JSON.parse(readFileSync(file(name), 'utf8'));
  const settings = read('.runner');
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
      say('Exiting...');
      listener.cancel();
      listener.stop.abort();
    });
  }
  await openSession(listener);
  say(`Current runner version: '${VERSION}'`);
  say(`${utc()}Z: Listening for Jobs`);
  try {
    return await listen(listener);
  } finally {
    await call('DELETE', listener.session, authorization);
  }
}

async function openSession(listener) {
  const { service, authorization, stop } = listener;
  for (let tries = 1, conflicts = 0; !stop.signal.aborted; tries += 1) {
    // By the guest's own `date`, whose clock may be off.
    const time = Number(execFileSync('date', ['+%s'])) * 1000;
    const greeting = { version: VERSION, os: 'macOS', time };
    const { status, typeName, message, sessionId } = await call(
      'POST',
      `${service}sessions`,
      authorization,
      greeting,
    );
    if (status !== 0) success('Connected to GitHub');
    if (status === 200) {
      if (tries > 1) say(`${utc()}Z: Runner reconnected.`);
      listener.session = `${service}sessions/${sessionId}`;
      return;
    }
    if (typeName === 'invalid_client') {
      throw new End(
        'terminated',
        'Failed to create a session. The runner registration has been deleted from the server, please re-configure. ' +
          'Runner registrations are automatically deleted for runners that have not connected to the service recently.',
      );
    }
    if (status === 409) {
      console.error('A session for this runner already exists.');
      if (++conflicts === 8) throw new End('sessionConflict', `Failed to create session. ${message}`);
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
  throw new End('done');
}

const pause = (signal) => delay(RETRY_MS, undefined, { signal }).catch(() => undefined);

/** Takes jobs until there is a reason to end; an ephemeral runner takes one. */
async function listen(listener) {
  const { authorization, settings, stop } = listener;
  for (;;) {
    const message = await nextMessage(listener, stop.signal);
    if (message === null) return EXIT.done;
    if (message.kind !== 'job') continue;
    const order = await call('POST', `${listener.session}/jobs/${message.jobId}`, authorization);
    if (order.status !== 200) continue;
    const conclusion = await runJob(listener, order);
    if (settings.Ephemeral !== 'True') continue;
    removeConfig();
    const tellsResult = process.env.ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED === 'true';
    return tellsResult ? WORKER_EXITS[conclusion] : EXIT.done;
  }
}

/** Waits for a message; null when `signal` aborts. */
async function nextMessage(listener, signal) {
  for (let isCutOff = false; !signal.aborted; ) {
    const { status, ...answer } = await call(
      'GET',
      `${listener.session}/message`,
      listener.authorization,
      null,
      signal,
    );
    if (isCutOff && (status === 200 || status === 202)) say(`${utc()}Z: Runner reconnected.`);
    if (status === 200) return answer;
    if (status === 404) {
      removeConfig();
      throw new End('done', 'The runner no longer exists on the server. Cleaning up local configuration.');
    }
    if (status === 403) {
      const passesOn = process.env.ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE === '1';
      throw new End(passesOn ? 'deprecated' : 'terminated', `An error occurred: ${answer.message}`);
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

/** Runs a job in a process of its own, and tells its end here before it tells the server. */
async function runJob(listener, order) {
  const { service, settings } = listener;
  const lease = `Bearer ${order.leaseToken}`;
  say(`${utc()}Z: Running job: ${order.name}`);
  const worker = spawn(process.execPath, [fileURLToPath(import.meta.url), 'spawnclient'], {
    argv0: file('bin/Runner.Worker'),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exit = new Promise((resolve) => worker.on('exit', resolve));
  worker.on('error', (error) => trace(error.message));
  worker.send({ order, service, settings });
  listener.cancel = () => worker.connected && worker.send({ cancel: true });
  const renewal = setInterval(async () => {
    if ((await call('POST', `${service}job/renew`, lease)).status === 404) listener.cancel();
  }, order.renewEveryMs);
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
  say(`${utc()}Z: Job ${order.name} completed with result: ${RESULTS[conclusion]}`);
  for (let tries = 0; tries < 5; tries += 1) {
    const { status } = await call('POST', `${service}job/complete`, lease, { conclusion });
    if (status !== 0 && status < 500) break;
    await delay(RETRY_MS);
  }
  return conclusion;
}

/** Runs the job that comes from the listener, and goes when the listener goes. */
function work() {
  const job = { isCancelled: false, groups: [] };
  const signalAll = (signal) => {
    for (const { pid } of job.groups) {
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
    if (message.order) {
      void runSteps(job, message).then((conclusion) => process.exit(WORKER_EXITS[conclusion]));
      return;
    }
    job.isCancelled = true;
    signalAll('SIGINT');
    setTimeout(() => signalAll('SIGTERM'), 7_500).unref();
    setTimeout(() => signalAll('SIGKILL'), 10_000).unref();
  });
}

async function runSteps(job, { order, service, settings }) {
  const { env, temp, workspace } = makePlaces(order, settings);
  const report = (number, status, conclusion = null) =>
    call('POST', `${service}job/steps`, `Bearer ${order.leaseToken}`, { number, status, conclusion });
  await report(1, 'completed', 'success');
  let conclusion = 'success';
  for (const { number, name, run } of order.steps) {
    if (job.isCancelled) conclusion = 'cancelled';
    if (conclusion !== 'success') {
      await report(number, 'completed', conclusion === 'cancelled' ? conclusion : 'skipped');
      continue;
    }
    await report(number, 'in_progress');
    const script = join(temp, `${number}.sh`);
    writeFileSync(script, run);
    const code = await runStep(job, script, { cwd: workspace, env });
    trace(`Step "${name}" ended with ${code}`);
    conclusion = job.isCancelled ? 'cancelled' : code === 0 ? 'success' : 'failure';
    await report(number, 'completed', conclusion);
  }
  await report(order.steps.length + 2, 'completed', 'success');
  return conclusion;
}

function runStep(job, script, where) {
  // A group of its own, so that a cancellation reaches everything that the step started.
  const step = spawn('bash', ['-e', script], { ...where, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  job.groups.push(step);
  for (const stream of [step.stdout, step.stderr]) stream.on('data', (text) => appendFileSync(logFile, text));
  return new Promise((resolve) => {
    step.on('error', () => resolve(127));
    step.on('exit', resolve);
  });
}

function makePlaces({ variables }, settings) {
  const [, name = ''] = variables.GITHUB_REPOSITORY.split('/');
  const workspace = join(ROOT, settings.WorkFolder, name, name);
  const temp = join(ROOT, settings.WorkFolder, '_temp');
  for (const place of [workspace, temp]) mkdirSync(place, { recursive: true });
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

mkdirSync(file('_diag'), { recursive: true });
if (command === 'spawnclient') {
  work();
} else {
  try {
    process.exitCode = await { configure, run }[command](readInputs(rest));
  } catch (error) {
    const end =
      error instanceof End ? error : new End('retryable', `An error occurred: ${error.code ?? error.name}`);
    if (end.message !== '') console.error(end.message);
    trace(`Ended with ${end.code}: ${end.message}`);
    process.exitCode = end.code;
  }
  process.exit();
}
