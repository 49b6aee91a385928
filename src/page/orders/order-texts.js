import { clock, counted } from '../../format.js';

/**
 * What each order is called, what will happen, and what happened, in words.
 *
 * @typedef {import('../../http/admin/api/api-routes.ts').OrderAnswers} OrderAnswers
 * @typedef {OrderAnswers['/api/collect']['steps']} Steps
 *
 * @typedef {object} Span
 * @property {'until' | 'for'} key of the request
 * @property {string} label
 * @property {[value: string, words: string][]} choices as the API takes them, and in words; the first one is chosen at first
 *
 * @typedef {object} Order
 * @property {string} path of the API
 * @property {string} title as a question
 * @property {string} sentence what will happen
 * @property {string} button
 * @property {boolean} isDanger something is lost by it
 * @property {Span} [span] a length of time that the person chooses
 * @property {(answer: any) => string} result what the daemon did, from its response
 */

/** When an order to a host ends by itself. @type {Span} */
const ENDS = {
  key: 'until',
  label: 'It ends by itself',
  choices: [
    ['', 'never'],
    ['30m', 'after 30 minutes'],
    ['1h', 'after an hour'],
    ['2h', 'after 2 hours'],
    ['4h', 'after 4 hours'],
    ['12h', 'after 12 hours'],
    ['1d', 'after a day'],
    ['3d', 'after 3 days'],
    ['7d', 'after a week'],
  ],
};

/** How long a VM is held. @type {Span} */
const LENGTHS = {
  key: 'for',
  label: 'Hold it for',
  choices: [
    ['20m', '20 minutes'],
    ['1h', 'an hour'],
    ['2h', '2 hours'],
    ['4h', '4 hours'],
  ],
};

/** `giveUp` is `cancel` for a job without a VM. @param {'cancel' | 'giveUp' | 'retry' | 'serve' | 'forget' | 'hold' | 'release'} what @param {number} jobId @param {string} name @returns {Order} */
export function jobOrder(what, jobId, name) {
  const job = name ? `“${name}”` : `job ${jobId}`;
  const path = what === 'forget' ? `/api/records/${jobId}/forget` : `/api/jobs/${jobId}/${what}`;
  switch (what) {
    case 'cancel':
      return {
        path,
        title: `Cancel the VM of ${job}?`,
        sentence: 'The job is given up here and its VM and runner are removed, unless it already runs.',
        button: 'Cancel its VM',
        isDanger: true,
        result: () => 'The job is given up. Its VM and its runner are being removed.',
      };
    case 'giveUp':
      return {
        path: `/api/jobs/${jobId}/cancel`,
        title: `Give up ${job}?`,
        sentence: 'It gets no VM here, and stays queued at GitHub until another runner takes it.',
        button: 'Give it up',
        isDanger: true,
        result: () => 'The job is given up.',
      };
    case 'forget':
      return {
        path,
        title: `Forget the record of ${job}?`,
        sentence:
          'The record ends as it is, and the collector removes later what is left of its VM and runner.',
        button: 'Forget its record',
        isDanger: true,
        result: (/** @type {OrderAnswers['/api/records/:key/forget']} */ { left }) => forgotten(left),
      };
    case 'hold':
      return {
        path,
        title: `Hold the VM of ${job}?`,
        sentence:
          'If the job or its attempt fails, its VM is kept for you until the end that you choose, or until a job needs its slot.',
        span: LENGTHS,
        button: 'Hold its VM',
        isDanger: false,
        result: (/** @type {OrderAnswers['/api/jobs/:id/hold']} */ { hold }) =>
          hold
            ? `Its VM is held until ${clock(hold.until)}.`
            : 'Its VM is held if the job or its attempt fails.',
      };
    case 'release':
      return {
        path,
        title: `Release the VM of ${job}?`,
        sentence: 'A VM that is held is deleted now, and one that is to be held will not be.',
        button: 'Release its VM',
        isDanger: false,
        result: () => 'Its VM is not held any more, or will not be.',
      };
    case 'serve':
      return {
        path: `/api/jobs/${jobId}/retry`,
        title: `Serve ${job} again?`,
        sentence: 'GitHub is asked for the job, and if it is still queued there, it gets a new VM.',
        button: 'Serve again',
        isDanger: false,
        result: () => 'The job is served again: it is in the queue.',
      };
    case 'retry':
      return {
        path,
        title: `Retry ${job} now?`,
        sentence: 'The pause before the next try ends now.',
        button: 'Retry now',
        isDanger: false,
        result: () => 'The pause is over: the next try begins.',
      };
  }
}

/** @param {'cordon' | 'uncordon' | 'drain'} what @param {string} host @returns {Order} */
export function hostOrder(what, host) {
  const path = `/api/hosts/${encodeURIComponent(host)}/${what}`;
  switch (what) {
    case 'cordon':
      return {
        path,
        title: `Cordon ${host}?`,
        sentence: `${host} gets no new job until the end that you choose, or until it is uncordoned, and its running jobs go on.`,
        span: ENDS,
        button: 'Cordon',
        isDanger: false,
        result: () => `${host} is cordoned: it gets no new job.`,
      };
    case 'uncordon':
      return {
        path,
        title: `Give jobs to ${host} again?`,
        sentence: `${host} gets new jobs again from now on.`,
        button: 'Take jobs again',
        isDanger: false,
        result: () => `${host} gets jobs again.`,
      };
    case 'drain':
      return {
        path,
        title: `Drain ${host}?`,
        sentence: `${host} is cordoned until the end that you choose, or until it is uncordoned, and its jobs that do not run yet go to other hosts.`,
        span: ENDS,
        button: 'Drain',
        isDanger: true,
        result: () => `${host} is cordoned. Its jobs that do not run yet go to other hosts.`,
      };
  }
}

/** @returns {Order} */
export function collectOrder() {
  return {
    path: '/api/collect',
    title: 'Collect now?',
    sentence:
      'The collector removes VMs and runners of this daemon that no record owns, and nothing of others.',
    button: 'Collect now',
    isDanger: false,
    result: (/** @type {OrderAnswers['/api/collect']} */ { steps }) => collected(steps),
  };
}

/** What a collection did, as sentences. @param {Pick<Steps[number], 'do' | 'kind'>[]} steps */
export function collected(steps) {
  /** @param {Steps[number]['do']} what */
  const of = (what) => {
    const vms = steps.filter((step) => step.do === what && step.kind === 'vm').length;
    const runners = steps.filter((step) => step.do === what && step.kind === 'runner').length;
    return [vms && counted(vms, 'VM'), runners && counted(runners, 'runner')].filter(Boolean).join(' and ');
  };
  const [removed, waits, adopted, left] = [of('delete'), of('wait'), of('adopt'), of('leave')];
  const sentences = [
    removed && `The collector removed ${removed}.`,
    adopted && `It watches ${adopted} that may run a job, and removes nothing of it now.`,
    waits && `It looks again before it removes ${waits}.`,
    left && `It left ${left} that may be in use.`,
  ];
  return sentences.filter(Boolean).join(' ') || 'Nothing to collect.';
}

/** @param {OrderAnswers['/api/records/:key/forget']['left']} left */
function forgotten({ vm, host, runner }) {
  const parts = [vm && `VM ${vm} on ${host}`, runner && `runner ${runner}`].filter(Boolean);
  if (parts.length === 0) return 'The record has ended. It had no VM and no runner.';
  return `The record has ended. The collector removes what is left: ${parts.join(' and ')}.`;
}
