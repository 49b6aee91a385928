import { JOB_STATUSES } from '../../machines/job/context.ts';
import type { BrokenLaws } from './broken-laws.ts';
import { type Committed, type CommittedJob, readJob, type Write } from './committed.ts';
import { checkGrants } from './host-laws.ts';

/** Checks what is committed. It remembers names for as long as the world lasts, across the daemon's lives. */
export class RecordLaws {
  readonly #broken: BrokenLaws;
  readonly #secrets: ReadonlySet<string>;
  /** Epoch ms on the daemon's clock. */
  readonly #now: () => number;
  /** Every VM and runner name that was ever in a record, by the key of the record that had it first. */
  readonly #firstHolder = new Map<string, string>();

  /** The records that were compared last. */
  #compared: readonly CommittedJob[] | null = null;

  /** Records that the present life of the daemon has written. */
  readonly #written = new Set<string>();

  constructor(broken: BrokenLaws, secrets: ReadonlySet<string>, now: () => number) {
    this.#broken = broken;
    this.#secrets = secrets;
    this.#now = now;
  }

  /** The daemon has started again: its first record of each job is what the restart made of it. */
  beginLife(): void {
    this.#written.clear();
  }

  /** Checks a batch before it is committed, against what is stored. */
  beforeCommit(committed: Committed, writes: readonly Write[]): void {
    checkGrants(this.#broken, committed, writes, this.#now());
    for (const write of writes) {
      const { type, key } = write;
      const value = write.type === 'put' ? write.value : '';
      this.checkSecrets(`the record ${key}`, value);
      // The key of a row from another table contains the table's name and a space.
      if (key.startsWith('!quarantine!') && !key.includes(' ') && type === 'put') {
        this.#broken.note(
          'law 10: nothing fails silently',
          `a record went to quarantine: ${value.slice(0, 300)}`,
        );
      }
      if (key.startsWith('!journal!') && value.includes('"code":"UNEXPECTED"')) {
        this.#broken.note('law 10: nothing fails silently', `an unexpected failure: ${value.slice(0, 400)}`);
      }
      const job = readJob(write);
      if (job) this.#checkStep(committed.job(job.key), job);
    }
  }

  /** Checks all records after a batch, unless the batch changed none of them. */
  afterCommit(committed: Committed): void {
    const jobs = committed.jobs();
    if (jobs === this.#compared) return;
    this.#compared = jobs;
    const owners = new Map<string, string>();
    const claim = (what: string, key: string) => {
      const other = owners.get(what);
      if (other !== undefined)
        this.#broken.note('one owner', `${what} belongs to the records ${other} and ${key}`);
      owners.set(what, key);
    };
    for (const { key, context } of jobs) {
      if (context.vm) claim(`VM ${context.vm.name}`, key);
      if (context.runner) claim(`runner ${context.runner.name}`, key);
      if (context.job.id > 0 && !wasReleased(context)) claim(`job ${context.job.id}`, key);
    }
  }

  checkSecrets(where: string, text: string): void {
    for (const secret of this.#secrets) {
      if (text.includes(secret)) this.#broken.note('law 7: secrets are in memory only', `${where} holds one`);
    }
  }

  #checkStep(before: CommittedJob | null, after: CommittedJob): void {
    const { vm, runner, phase, job } = after.context;
    for (const [kind, name, had] of [
      ['VM', vm?.name, before?.context.vm?.name],
      ['runner', runner?.name, before?.context.runner?.name],
    ]) {
      if (name === undefined || name === had) continue;
      const held = this.#firstHolder.get(`${kind} ${name}`);
      if (held !== undefined && !isAdoption(after)) {
        this.#broken.note(
          'law 2: names are never reused',
          `${kind} ${name} of ${held} is given again to ${after.key}`,
        );
      }
      this.#firstHolder.set(`${kind} ${name}`, after.key);
    }
    const isFirstOfLife = !this.#written.has(after.key);
    this.#written.add(after.key);
    if (!before) return;
    const old = before.context;
    if (old.job.id === job.id && rank(job.status) < rank(old.job.status)) {
      this.#broken.note(
        'law 6: a status only moves forward',
        `job ${job.id} goes from ${old.job.status} to ${job.status}`,
      );
    }
    const isSamePhase = stateOf(before) === stateOf(after) && old.phase.enteredAt === phase.enteredAt;
    // A failure in between may have been a full host or a rate limit, and time spent with those does not count.
    const wasBlocked = JSON.stringify(before.value).includes('blocked');
    const isUndisturbed = old.phase.tries === phase.tries && !wasBlocked;
    if (isFirstOfLife && isSamePhase && isUndisturbed && phase.deadlineAt > old.phase.deadlineAt) {
      const where = JSON.stringify(before.value);
      this.#broken.note('law 8: a restart extends no deadline', `job ${job.id} in ${where} got more time`);
    }
    if (phase.lastFailure?.code === 'UNEXPECTED') {
      this.#broken.note(
        'law 10: nothing fails silently',
        `an unexpected failure: ${phase.lastFailure.message}`,
      );
    }
  }
}

const rank = (status: (typeof JOB_STATUSES)[number]) => JOB_STATUSES.indexOf(status);

/** The first part of its state: `creating`. */
const stateOf = ({ value }: CommittedJob) =>
  typeof value === 'string' ? value : Object.keys(value as object)[0];

const isAdoption = ({ value }: CommittedJob) => JSON.stringify(value).includes('retiring');

/**
 * A record of an earlier version has a field that says that its job went on elsewhere, until the daemon has
 * read it.
 */
function wasReleased(context: CommittedJob['context'] & { released?: boolean }): boolean {
  return context.released === true;
}
