import type { Job } from '../../src/simulator/github/jobs/job.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Answers, JobAnswers } from './answers.ts';
import type { JobTruth, Truth } from './situation.ts';

/** Milliseconds from the moment at which a page was drawn to the one at which it is read. */
const TO_READ = 3_000;

const HALF_A_DAY = 12 * 3_600_000;

/** Where the answers differ from what is true, or from each other, as sentences; empty where they do not. */
export function untruths(answers: readonly Answers[], truth: Truth, world: Scenario): string[] {
  return [
    ...answers.flatMap((one) => ofWrong(one, truth)),
    ...truth.jobs.flatMap((job) => [
      ...answers.flatMap((one) => ofJob(one, job, world)),
      ...disagreements(answers, job.job.id),
    ]),
  ];
}

function ofWrong({ by, wrong, isWell, stops }: Answers, truth: Truth): string[] {
  const missing = truth.wrong.filter((what) => !what.test(wrong));
  return [
    ...missing.map((what) => `${by} does not say that ${what} is wrong, but: ${wrong}`),
    ...(isWell === (truth.wrong.length === 0)
      ? []
      : [`${by} says that ${isWell ? 'nothing' : 'something'} is wrong: ${wrong}`]),
    ...(stops === (truth.stops ?? false)
      ? []
      : [`${by} says that ${stops ? 'no job' : 'each job'} can be served`]),
  ];
}

function ofJob({ by, jobs }: Answers, truth: JobTruth, world: Scenario): string[] {
  const { job, boots, end, waits, trouble, next } = truth;
  const told = jobs.get(job.id);
  if (!told) return [`${by} does not know job ${job.id}`];
  const is = by === 'API' ? API_WORDS : WORDS;
  const runs = runsIn(job, world);
  const expected: [what: string, text: string, says: RegExp | null][] = [
    ['that it runs', told.state, runs ? is.runs : null],
    ['that its VM boots', told.state, boots ? is.boots : null],
    ['its VM', told.vm, vmWords(runs ?? boots)],
    ['how it ended', told.state, end ? is[end.outcome] : null],
    ['what GitHub says', told.state, end && job.state.runner ? new RegExp(`${job.state.conclusion}`) : null],
    ['whose fault it was', told.state, end && by !== 'API' ? end.fault : null],
    ['why it ended so', told.why, end?.cause ?? trouble ?? null],
    ['who must act', told.who, (by === 'API' ? null : end?.act) ?? waits?.frees ?? null],
    ...(waits?.why ?? []).map((why): [string, string, RegExp] => ['why it waits', told.why, why]),
    ['that it waits', told.state, waits && job.state.status === 'queued' ? is.waits : null],
    ['what is next', told.next, by === 'API' ? null : next],
  ];
  return [
    ...expected
      .filter(([, text, says]) => says !== null && !says.test(text))
      .map(
        ([what, text, says]) =>
          `${by} does not say ${what} of "${job.spec.name}": ${says} is not in "${text}"`,
      ),
    ...ofInstants(by, told),
  ];
}

const WORDS = {
  runs: /It runs, since/,
  boots: /Its VM boots, since/,
  waits: /It waits for a VM, since|This daemon does not serve it/,
  failed: /^Failed/,
  lost: /^Lost/,
  cancelled: /^Cancelled/,
  'not ours': /^Given up/,
};
const API_WORDS = {
  ...{ runs: /^running\.busy/, boots: /^sshReady/, waits: /^(queued.*)?$/ },
  ...{ failed: /^failed job/, lost: /^lost host/, cancelled: /^cancelled/, 'not ours': /^notOurs operator/ },
};

/** Where GitHub says that the job runs: a VM of that name is on one of the Macs. */
function runsIn({ state }: Job, { macs }: Scenario): { name: string; host: string } | null {
  const name = state.runner?.name;
  if (state.status !== 'in_progress' || name === undefined) return null;
  const at = macs.findIndex(({ world }) => [...world.vms.values()].some((vm) => vm.name === name));
  return { name, host: `mac-${at + 1}` };
}

const vmWords = (vm: { name: string; host: string } | undefined) =>
  vm ? new RegExp(`${vm.name} on ${vm.host}`) : null;

/** What is next lies ahead. */
function ofInstants(by: string, { next }: JobAnswers): string[] {
  const now = Date.now();
  return [...next.matchAll(/at (\d\d):(\d\d):(\d\d)/g)].flatMap(([text, hours, minutes, seconds]) => {
    const today = new Date(now).setHours(Number(hours), Number(minutes), Number(seconds));
    // In the evening an hour of the night is that of tomorrow.
    const at = today < now - HALF_A_DAY ? today + 2 * HALF_A_DAY : today;
    return at < now - TO_READ
      ? [`${by} says that ${text} is next, and it is ${new Date(now).toTimeString()}`]
      : [];
  });
}

/** Page and terminal say the same of a job, apart from how long something lasts; the API says the same reason. */
function disagreements(answers: readonly Answers[], jobId: number): string[] {
  const told = answers.flatMap(({ by, jobs }) => {
    const job = jobs.get(jobId);
    return job ? [{ by, job }] : [];
  });
  const [first, ...others] = told.filter(({ by }) => by !== 'API');
  const reason = told.find(({ by }) => by === 'API')?.job.why ?? '';
  if (!first) return [];
  return [
    ...others.flatMap(({ by, job }) =>
      (['why', 'who', 'next'] as const)
        .filter((question) => !isSame(first.job[question], job[question]))
        .map((question) => `${first.by} says "${first.job[question]}", ${by} says "${job[question]}"`),
    ),
    ...(timeless(first.job.why).includes(timeless(reason))
      ? []
      : [`API says "${reason}", ${first.by} says "${first.job.why}"`]),
  ];
}

const timeless = (text: string) =>
  text.replace(/\d+(\.\d+)? (ms|s|min|h)\b/g, 'a while').replace(/(a while ?)+/g, 'a while ');

const isSame = (one: string, other: string) => timeless(one).trim() === timeless(other).trim();
