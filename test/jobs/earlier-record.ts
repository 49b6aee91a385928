import { getStateNodes, type StateValue } from 'xstate';
import { NO_JOB } from '../../machines/job/context.ts';
import { contextAt } from '../machines/job-samples.ts';
import { machine } from '../machines/job-step.ts';

/** The fields that version 0.1 had in its records of a job, a VM and a runner; a test may set them. */
export interface EarlierFacts {
  job?: Record<string, unknown>;
  vm?: Record<string, unknown> | null;
  runner?: Record<string, unknown> | null;
  failure?: object | null;
  released?: boolean;
}

const omit = (from: object | null, ...keys: string[]) =>
  from && Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));

/**
 * A record as version 0.1 wrote it. A counter in the job numbered its names. The runner was registered at the
 * place of its job. A job went on in its own record after the teardown, or it was `released`. `path`: a state
 * of version 0.1, in which `tearingDown` has only the regions of VM and runner.
 */
export function earlierRecord(path: string, facts: EarlierFacts = {}) {
  const isTearingDown = path.startsWith('tearingDown');
  const { job, vm, runner, jobCheck: _, otherJobSince: __, hold: ___, ...rest } = contextAt(path);
  const value = valueAt(path);
  const now = isTearingDown
    ? { tearingDown: { ...(value as { tearingDown: object }).tearingDown, job: 'gone' } }
    : value;
  const invoked = getStateNodes(
    machine.root,
    machine.resolveState({ value: now as never, context: contextAt(path) }).value,
  )
    .flatMap(({ invoke }) => invoke)
    .map(({ id, src }): [string, unknown] => [
      id,
      { src, snapshot: { status: 'active', input: src === 'waitUntil' ? { at: 1 } : { of: 'version 0.1' } } },
    ]);
  return {
    status: 'active',
    value,
    historyValue: {},
    children: Object.fromEntries(invoked),
    context: {
      ...rest,
      failure: facts.failure ?? null,
      released: facts.released ?? false,
      job: {
        ...omit(job, 'commit', 'branch', 'attempt', 'runnersUnused', 'vmsInVain', 'lastFailure', 'holdOrder'),
        namesTaken: job.id === NO_JOB || vm === null ? 0 : 1,
        ...facts.job,
      },
      vm: facts.vm === null ? null : vm && { ...omit(vm, 'madeFor', 'numbers', 'image'), ...facts.vm },
      runner:
        facts.runner === null ? null : runner && { ...omit(runner, 'scope', 'isLeft'), ...facts.runner },
    },
  };
}

/** `a.b.c` is nested; a space separates the regions of a parallel state. */
function valueAt(path: string): StateValue {
  const [top = '', ...regions] = path.split(' ');
  if (regions.length > 0) return { [top]: Object.fromEntries(regions.map((region) => region.split('.'))) };
  return (
    path
      .split('.')
      .reduceRight<StateValue | null>((inner, key) => (inner === null ? key : { [key]: inner }), null) ?? top
  );
}

/** Every state in which a record of version 0.1 could be. */
export const EARLIER_STATES = [
  'queued',
  ...['creating', 'starting', 'sshReady', 'probing', 'jitConfig'].flatMap((state) =>
    ['acting', 'waiting', 'blocked'].map((part) => `${state}.${part}`),
  ),
  'warm',
  ...['launching', 'confirming'].flatMap((state) =>
    ['acting', 'waiting'].map((part) => `runnerOnline.${state}.${part}`),
  ),
  ...['idle', 'busy', 'finishing'].flatMap((state) =>
    ['watching', 'waiting'].map((part) => `running.${state}.${part}`),
  ),
  'running.verifying.acting',
  'running.verifying.waiting',
  ...['askingGuest', 'deregistering', 'askingGuestAgain'].flatMap((state) =>
    ['acting', 'waiting'].map((part) => `running.retiring.${state}.${part}`),
  ),
  'running.retiring.settling',
  ...['acting', 'waiting', 'gone'].flatMap((vm) =>
    ['acting', 'waiting', 'gone']
      .filter((runner) => vm !== 'gone' || runner !== 'gone')
      .map((runner) => `tearingDown vm.${vm} runner.${runner}`),
  ),
];
