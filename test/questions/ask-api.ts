import { topState } from '../../machines/state-path.ts';
import type { Answers as Api, Readiness } from '../../src/http/admin/api/api-routes.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import type { Answers, JobAnswers } from './answers.ts';

/** The answers of the daemon's API, as a program gets them. What happens next is not in it. */
export async function askApi(url: string, jobs: readonly Job[]): Promise<Answers> {
  const get = async (path: string) => (await fetch(`${url}${path}`)).json();
  const [{ ready, degraded, scopes = [] }, { recent }] = (await Promise.all([
    get('/readyz'),
    get('/api/jobs'),
  ])) as [Readiness, Api['/api/jobs']];
  const lost = recent.filter(({ outcome }) => outcome === 'lost').map(({ name }) => `${name}: lost`);
  const answers = new Map<number, JobAnswers>();
  for (const { id } of jobs)
    answers.set(id, answerOf((await get(`/api/jobs/${id}`)) as Api['/api/jobs/:id']));
  return {
    by: 'API',
    wrong: [...scopes.map(({ sentence }) => sentence), ...lost].join(' '),
    isWell: !degraded && lost.length === 0,
    stops: !ready,
    jobs: answers,
  };
}

function answerOf({ live, settled, waiting, hostTrouble }: Api['/api/jobs/:id']): JobAnswers {
  const [view] = live;
  const end = settled ? `${settled.outcome} ${settled.blame ?? ''} ${settled.conclusion ?? ''}` : '';
  return {
    state: view ? view.state : end,
    why: [waiting?.sentence, hostTrouble, settled?.cause?.message].filter(Boolean).join(' '),
    who: waiting?.frees ?? '',
    next: '',
    vm: view?.vm && topState(view.state) !== 'queued' ? `VM ${view.vm.name} on ${view.vm.host}` : '',
  };
}
