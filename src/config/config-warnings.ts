import { counted } from '../format.js';
import type { KeyProblem } from './config-error.ts';
import { foldLabel } from './fold-label.ts';
import type { Config } from './schema.ts';
import { isExposed } from './values/http-url.ts';

/** Labels of GitHub's own runners: `macos-latest`, `macos-15-xlarge`, `ubuntu-24.04-arm`, `windows-2025`. */
const HOSTED_IMAGE = /^(?:macos|ubuntu|windows)-(?:latest|slim|\d[\w.]*)(?:-[a-z0-9]+)*$/i;

/** Returns what is allowed but probably not intended: the daemon starts with it and warns. */
export function configWarnings(config: Config): KeyProblem[] {
  return [
    ...webhookWarnings(config),
    ...githubWarnings(config),
    ...labelWarnings(config),
    ...notifyWarnings(config),
  ];
}

function* webhookWarnings({ controller: { mode }, github }: Config): Generator<KeyProblem> {
  if (mode === 'poll' || github.webhook_secret !== undefined) return;
  const message = `is missing, so every webhook delivery is refused and ${
    mode === 'both' ? 'only polling finds jobs' : 'no job is found'
  }: set it here and in the webhook at GitHub, or set controller.mode to poll.`;
  yield { path: ['github', 'webhook_secret'], message };
}

function* githubWarnings({ github, runner }: Config): Generator<KeyProblem> {
  if (isExposed(github.api_url)) {
    const message =
      'uses plain http to another machine, so anyone on the network in between can read the GitHub token: use https.';
    yield { path: ['github', 'api_url'], message };
  }
  if (runner.scope === 'repository' && runner.group !== 'Default') {
    const message =
      'has no effect: a repository has one runner group only. Remove it, or set runner.scope to organization.';
    yield { path: ['runner', 'group'], message };
  }
}

function* notifyWarnings({ notify }: Config): Generator<KeyProblem> {
  for (const [name, { url }] of Object.entries(notify)) {
    if (url === undefined || !isExposed(url)) continue;
    const message =
      'uses plain http to another machine, so anyone on the network in between can read the URL and the notifications: use https.';
    yield { path: ['notify', name, 'url'], message };
  }
}

function* labelWarnings({ labels, runner, timeouts }: Config): Generator<KeyProblem> {
  if (runner.labels.length === 0) {
    const message =
      'is empty, so a job that also asks for self-hosted, macos or arm64 gets no VM: list the labels that your workflows use, or leave the key out.';
    yield { path: ['runner', 'labels'], message };
  }
  const booting = timeouts.ssh_ready + timeouts.probing + timeouts.jit_config + timeouts.runner_online;
  const everyRunners = new Set(runner.labels.map(foldLabel));
  const several = Object.keys(labels).length > 1;
  for (const [label, { lifetime_seconds }] of Object.entries(labels)) {
    if (HOSTED_IMAGE.test(label)) {
      const message =
        "is a label of GitHub's own runners: jobs meant for those runners would get a VM here, and jobs meant for this daemon may run at GitHub. Choose another label.";
      yield { path: ['labels', label], message };
    }
    if (foldLabel(label) === 'self-hosted') {
      const message =
        'stands in the runs-on of jobs for any self-hosted runner, so this daemon would take jobs that are meant for other runners. Choose another label.';
      yield { path: ['labels', label], message };
    }
    if (several && everyRunners.has(foldLabel(label))) {
      const message =
        'is also in runner.labels, so the runners of every profile have it, and a job that asks for it may get any image. Choose another label, or remove it from runner.labels.';
      yield { path: ['labels', label], message };
    }
    if (lifetime_seconds * 1000 <= booting) {
      const message = `is ${lifetime_seconds}, but until its runner is online a VM may need ${counted(Math.ceil(booting / 1000), 'second')} (timeouts.ssh_ready, probing, jit_config and runner_online together). The agent powers a VM off when its lifetime is over, also during a job. Write that time plus the length of the longest job.`;
      yield { path: ['labels', label, 'lifetime_seconds'], message };
    }
  }
}
