import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { intro, outro } from '@clack/prompts';
import { DEFAULT_AGENT_URL } from '../../config/sections/agent-keys.ts';
import { labelProblem } from '../../config/sections/runner-keys.ts';
import { discoverAgent } from '../../config/sources/discover-agent.ts';
import { hasCode } from '../../errors.ts';
import type { GitHub } from '../../github/github.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { checkAll } from '../commands/check-command.ts';
import { changeService } from '../service/service-command.ts';
import { ConfigDraft } from './config-draft.ts';
import { Outside, type Repository } from './outside.ts';
import { Cancelled, Questions } from './questions.ts';

/** Answers that were given as flags; a missing one is asked for. */
export interface InitOptions {
  config: string;
  agentUrl?: string;
  agentToken?: string;
  githubToken?: string;
  appId?: string;
  installationId?: string;
  appKey?: string;
  apiUrl?: string;
  repository?: string;
  image?: string;
  label?: string;
  /** The address that GitHub reaches; false for no webhook. */
  webhook?: string | false;
  service?: boolean;
  /** False checks only the form of the answers. */
  check: boolean;
  /** Asks nothing; findings go to standard error, and the result goes to standard output as a line of JSON. */
  json?: boolean;
}

const API_URL = 'https://api.github.com';
const LABEL = 'jeballto-macos';

interface Interview {
  options: InitOptions;
  questions: Questions;
  outside: Outside;
  draft: ConfigDraft;
  terminal: Terminal;
}

/**
 * Asks for what the daemon needs, checks each answer at once and writes the smallest config. It offers the
 * values of an existing config, and keeps its other keys. Returns the exit code of `check` for the config.
 */
export async function initCommand(options: InitOptions, terminal: Terminal): Promise<number> {
  const isLive = terminal.columns !== null && process.stdin.isTTY === true && !options.json;
  const said = options.json ? { ...terminal, out: terminal.err } : terminal;
  const interview: Interview = {
    options,
    terminal: said,
    questions: new Questions(said, isLive),
    outside: new Outside({ ...terminal, isChecked: options.check }),
    draft: new ConfigDraft(options.config),
  };
  if (isLive) intro('jeballto-runner: a fresh macOS VM for every GitHub Actions job');
  try {
    const { exitCode, ...result } = await run(interview);
    if (options.json) terminal.out(JSON.stringify({ ok: exitCode === ExitCode.ok, ...result }));
    return exitCode;
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    outro(error.message);
    return ExitCode.failed;
  }
}

async function run(interview: Interview) {
  const { options, questions, draft, terminal } = interview;
  const images = await askForAgent(interview);
  const github = await askForCredential(interview);
  const repository = await askForRepository(interview, github);
  const label = await askForProfile(interview, images);
  const webhook = await askForWebhook(interview, github, repository);
  draft.write();
  questions.say(
    draft.isThere
      ? `${draft.path} is changed; all other keys stay.`
      : `${draft.path} is written; only you can read it.`,
  );
  const { exitCode, findings } = options.check
    ? await checkAll(draft.path, terminal)
    : { exitCode: ExitCode.ok, findings: [] };
  const isService = await questions.confirm('Run the daemon as a service of this machine?', options.service);
  const service = isService ? await changeService('install', { config: draft.path }, terminal) : null;
  if (!service) terminal.out(`Start the daemon: jeballto-runner start --config ${draft.path}`);
  terminal.out(`In a workflow: runs-on: ${label}`);
  const { warnings } = questions;
  return { exitCode, config: draft.path, label, webhook, service, warnings, findings };
}

/** Returns the images that are on the Mac. Asks nothing when the config has a list of Macs. */
async function askForAgent({ options, questions, outside, draft, terminal }: Interview): Promise<string[]> {
  if (draft.has('hosts')) {
    questions.warn(`The Macs in hosts of ${draft.path} stay as they are.`);
    return [];
  }
  const home = terminal.env.HOME || homedir();
  const discovered = discoverAgent(home)?.baseUrl;
  const url = await questions.ask({
    flag: '--agent-url',
    message: 'Where does the Jeballto Agent listen?',
    given: options.agentUrl,
    fallback: draft.text('jeballto.base_url') ?? discovered ?? DEFAULT_AGENT_URL,
    check: (answer) => outside.agentUrl(answer),
  });
  draft.set(['jeballto', 'base_url'], url === (discovered ?? DEFAULT_AGENT_URL) ? undefined : url);
  if (draft.has('jeballto.token_file') || draft.has('jeballto.token_command')) return [];
  const { token, images } = await questions.ask({
    flag: '--agent-token',
    message: 'Its token ("Copy API Token" in the menu bar of the agent)',
    given: options.agentToken,
    fallback: draft.text('jeballto.token') ?? variable(terminal, 'JEBALLTO_TOKEN'),
    secret: true,
    check: (answer) => outside.agentToken(url, answer),
  });
  draft.set(['jeballto', 'token'], token);
  return images;
}

async function askForCredential(interview: Interview): Promise<GitHub> {
  const { options, questions, outside, draft, terminal } = interview;
  const apiUrl = options.apiUrl ?? draft.text('github.api_url') ?? API_URL;
  draft.set(['github', 'api_url'], apiUrl === API_URL ? undefined : apiUrl);
  const appId =
    options.appId ?? (options.githubToken === undefined ? draft.text('github.app_id') : undefined);
  const isByToken = options.githubToken !== undefined || draft.has('github.token');
  const asks = options.appId === undefined && !isByToken && !draft.has('github.app_id');
  const isApp =
    appId !== undefined ||
    (asks &&
      (await questions.confirm(
        'Do you have a GitHub App for this? (No: use a personal access token)',
        undefined,
      )));
  if (isApp) return askForApp(interview, apiUrl, appId);
  for (const key of ['app_id', 'installation_id', 'app_private_key_path'])
    draft.set(['github', key], undefined);
  return questions.ask({
    flag: '--github-token',
    message: 'A GitHub token (Actions: read and Administration: read and write; classic: repo)',
    given: options.githubToken,
    fallback: draft.text('github.token') ?? variable(terminal, 'GITHUB_TOKEN'),
    secret: true,
    check: async (answer) => {
      const checked = await outside.github(apiUrl, { token: outside.secret(answer) });
      draft.set(['github', 'token'], answer);
      return checked;
    },
  });
}

async function askForApp(
  { options, questions, outside, draft }: Interview,
  apiUrl: string,
  known: string | undefined,
): Promise<GitHub> {
  draft.set(['github', 'token'], undefined);
  const appId = await questions.ask({
    flag: '--app-id',
    message: 'The id of the App (on its settings page)',
    given: known,
    check: async (answer) => ({ value: wholeNumber(answer), found: '' }),
  });
  const keyPath = await questions.ask({
    flag: '--app-key',
    message: 'The file of its private key (.pem)',
    given: options.appKey,
    fallback: draft.text('github.app_private_key_path'),
    check: (answer) => outside.appKey(answer),
  });
  const { github, installationId } = await questions.ask({
    flag: '--installation-id',
    message: "The id of its installation (the number at the end of the installation's address)",
    given: options.installationId,
    fallback: draft.text('github.installation_id'),
    check: async (answer) => {
      const id = wholeNumber(answer);
      const { value, found } = await outside.github(apiUrl, { appId, keyPath, installationId: id });
      return { value: { github: value, installationId: id }, found };
    },
  });
  draft.set(['github', 'app_id'], appId);
  draft.set(['github', 'app_private_key_path'], keyPath);
  draft.set(['github', 'installation_id'], installationId);
  return github;
}

async function askForRepository({ options, questions, outside, draft }: Interview, github: GitHub) {
  const [owner, name] = [draft.text('github.owner'), draft.text('github.repository')];
  const known = name?.includes('/') ? name : owner && name ? `${owner}/${name}` : undefined;
  const repository = await questions.ask({
    flag: '--repository',
    message: 'The repository whose jobs get VMs (owner/name; more of them can be added in the config)',
    given: options.repository,
    fallback: known,
    check: (answer) => outside.repository(github, answer),
  });
  draft.set(['github', 'owner'], repository.owner);
  draft.set(['github', 'repository'], repository.repository);
  return repository;
}

async function askForProfile({ options, questions, outside, draft }: Interview, images: string[]) {
  const [known] = draft.labels();
  const label = await questions.ask({
    flag: '--label',
    message: 'The label that workflows name in runs-on',
    given: options.label,
    fallback: known ?? LABEL,
    check: async (answer) => {
      const problem = labelProblem(answer);
      if (problem) throw new UsageError(`"${answer}" ${problem}`);
      return { value: answer, found: '' };
    },
  });
  const image = await questions.ask({
    flag: '--image',
    message: 'The image that holds macOS and the Actions runner',
    given: options.image,
    fallback:
      draft.text(['labels', label, 'image']) ??
      (known === undefined ? undefined : draft.text(['labels', known, 'image'])) ??
      (images.length === 1 ? images[0] : undefined),
    choices: images,
    check: (answer) => outside.image(answer, images),
  });
  draft.set(['labels', label, 'image'], image);
  return label;
}

/** Returns the address of the webhook; null when none is wanted or none may be created. */
async function askForWebhook(
  { options: { webhook }, questions, draft }: Interview,
  github: GitHub,
  repository: Repository,
): Promise<string | null> {
  const given = webhook === undefined ? undefined : webhook !== false;
  const message =
    'Set up a webhook? GitHub must be able to reach this daemon; without a webhook the daemon asks GitHub every 10 s';
  if (!(await questions.confirm(message, given))) return null;
  const secret = draft.text('github.webhook_secret') ?? randomBytes(32).toString('hex');
  try {
    const address = await questions.ask({
      flag: '--webhook',
      message: 'The address at which GitHub reaches controller.webhook_listen (https://…)',
      given: webhook === false ? undefined : webhook,
      check: async (answer) => {
        if (!URL.canParse(answer) || !/^https?:\/\//.test(answer)) {
          throw new UsageError(`"${answer}" is not an address: write it as https://runner.example.com.`);
        }
        const url = new URL(answer);
        if (url.pathname === '/') url.pathname = '/webhook';
        const scope = { kind: 'repository' as const, ...repository };
        const done = await github.setUpHook(scope, { url: url.href, secret }).catch((error: unknown) => {
          if (hasCode(error, 'GITHUB_PERMISSION_MISSING', 'GITHUB_NOT_FOUND')) return error;
          throw error;
        });
        if (typeof done !== 'string') throw new NotAllowed(done.message);
        return { value: url.href, found: `The webhook to ${url.href} is ${done}.` };
      },
    });
    draft.set(['github', 'webhook_secret'], secret);
    draft.set(['controller', 'mode'], 'both');
    return address;
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    questions.warn(
      `${error.message} So no webhook is set up, and polling finds the jobs; docs/operations.md says how to create one by hand.`,
    );
    return null;
  }
}

/** The credential may not create webhooks: asking again would not help. */
class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
}

function wholeNumber(answer: string): number {
  if (/^[1-9]\d*$/.test(answer)) return Number(answer);
  throw new UsageError(`"${answer}" is not a whole number above 0.`);
}

/** Returns the reference to a variable that is set, so that the config does not contain its value. */
function variable({ env }: Terminal, name: string): string | undefined {
  return env[name] ? `\${${name}}` : undefined;
}
