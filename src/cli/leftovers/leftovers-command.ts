import { confirm, isCancel } from '@clack/prompts';
import type { Config } from '../../config/schema.ts';
import { controllerKeys } from '../../config/sections/controller-keys.ts';
import { counted } from '../../format.js';
import { namePrefix } from '../../jobs/job-policy.ts';
import type { Look, OtherController, Removal, Unseen } from '../../upkeep/other-controller.ts';
import type { CollectionStep } from '../../upkeep/plan-collection.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { connectOtherController } from './connect-other-controller.ts';
import { amountOf, DOES, placeOf, remnantLines, removalLine, unseenLine } from './leftovers-text.ts';
import { refuseRunning } from './refuse-running.ts';
import { type NamedHost, removedHosts } from './removed-hosts.ts';

export interface LeftoversOptions {
  config?: string;
  /** The earlier `controller.id`. */
  controllerId: string;
  /** The earlier `controller.vm_name_prefix`, if it differs from the present one. */
  prefix?: string;
  /** Macs that are no longer in the config. */
  hosts: readonly NamedHost[];
  remove?: boolean;
  /** Removes without a question. */
  yes?: boolean;
  json?: boolean;
}

/**
 * Lists what is left of a controller that no longer runs, and removes it on request. Returns a status other
 * than 0 when anything is left, or may be left on a host that did not answer. Throws a UsageError when a
 * daemon with its names runs.
 */
export async function leftoversCommand(options: LeftoversOptions, terminal: Terminal): Promise<number> {
  const { remove = false, json = false } = options;
  const isLive = terminal.columns !== null && process.stdin.isTTY === true && !json;
  if (remove && !options.yes && !isLive) {
    throw new UsageError(
      '--yes is missing: without a terminal the command cannot ask before it removes something.',
    );
  }
  const { config: own } = readConfig(options.config, terminal);
  const config = asOf(own, options, terminal.env);
  const names = namePrefix(config.controller);
  await refuseRunning(names, own, terminal.clock);
  const { controller, close } = await connectOtherController(config, terminal);
  try {
    if (isLive) terminal.err(`Asking ${counted(config.hosts.length, 'Mac')} and GitHub …`);
    const look = await controller.look();
    if (!json) sayLook(look, names, terminal);
    const isAgreed = remove && look.remnants.length > 0 && (options.yes || (await agrees(look)));
    const done = isAgreed ? await removed(controller, terminal, json) : null;
    const left = (done ? done.removals.filter(({ why }) => why !== null) : look.remnants).map(
      ({ step }) => step,
    );
    const unseen = done?.unseen ?? look.unseen;
    if (json) {
      terminal.out(JSON.stringify(asJson(names, look, done)));
    } else {
      const isNew = ({ where }: Unseen) => !look.unseen.some((one) => one.where === where);
      for (const one of unseen.filter(isNew)) terminal.out(unseenLine(one));
      if (left.length > 0) terminal.out(advice(left, isAgreed, options));
    }
    return left.length + unseen.length === 0 ? ExitCode.ok : ExitCode.failed;
  } finally {
    await close();
  }
}

/** The config with the names of the other controller and with the hosts that are no longer in it. */
function asOf(
  config: Config,
  { controllerId, prefix, hosts }: LeftoversOptions,
  env: NodeJS.ProcessEnv,
): Config {
  const { controller } = config;
  checkName('--controller-id', controllerKeys.id.safeParse(controllerId));
  checkName('--prefix', controllerKeys.vm_name_prefix.safeParse(prefix));
  return {
    ...config,
    hosts: [...config.hosts, ...removedHosts(hosts, config.hosts, env)],
    controller: { ...controller, id: controllerId, vm_name_prefix: prefix ?? controller.vm_name_prefix },
  };
}

function checkName(flag: string, { error }: { error?: { issues: { message: string }[] } }): void {
  if (error) throw new UsageError(`${flag} ${error.issues[0]?.message}`);
}

async function agrees({ remnants }: Look): Promise<boolean> {
  const steps = remnants.map(({ step }) => step).filter((step) => DOES[step.do] !== 'leave');
  if (steps.length === 0) return true;
  const message = `Remove ${amountOf(steps)}? A VM in which a job runs is left.`;
  const answer = await confirm({ message, initialValue: false });
  return !isCancel(answer) && answer;
}

function removed(controller: OtherController, terminal: Terminal, json: boolean) {
  return controller.remove((removal) => {
    if (!json) terminal.out(removalLine(removal));
  });
}

function sayLook({ remnants, unseen }: Look, names: string, { out, clock }: Terminal): void {
  for (const line of remnantLines(remnants, clock.now())) out(line);
  if (remnants.length === 0)
    out(`No VM and no runner has a name of "${names}" on the Macs and at GitHub, as far as they answered.`);
  for (const one of unseen) out(unseenLine(one));
}

function advice(
  left: readonly CollectionStep[],
  isAgreed: boolean,
  { controllerId, remove }: LeftoversOptions,
): string {
  if (isAgreed)
    return `Still there: ${amountOf(left)}. Each has its reason above: act on it, then try again.`;
  if (remove) return 'Nothing was removed.';
  return `Nothing was removed. Make sure that no daemon runs with the id "${controllerId}", anywhere; then add --remove.`;
}

function asJson(
  names: string,
  look: Look,
  done: { removals: readonly Removal[]; unseen: readonly Unseen[] } | null,
) {
  const found = new Map(look.remnants.map(({ step, createdAt }) => [identity(step), createdAt]));
  const things = done
    ? done.removals.map(({ step, why }) => ({ step, outcome: why === null ? 'removed' : 'left', why }))
    : look.remnants.map(({ step }) => ({ step, outcome: null, why: step.why }));
  return {
    names,
    things: things.map(({ step, outcome, why }) => ({
      kind: step.kind,
      name: step.name,
      on: placeOf(step),
      ...(step.kind === 'vm' ? { state: step.state } : { online: step.online, busy: step.busy }),
      createdAt: found.get(identity(step)) ?? null,
      does: DOES[step.do],
      outcome,
      why,
    })),
    unseen: done?.unseen ?? look.unseen,
  };
}

const identity = (step: Look['remnants'][number]['step']) =>
  step.kind === 'vm' ? `${step.host} ${step.id}` : `${step.scope} ${step.name}`;
