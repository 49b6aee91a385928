import { moment } from '../../../format.js';
import type { Answers } from '../../../http/admin/api/api-routes.ts';
import { proofWords } from '../../../journal/words/proof-words.js';
import { cordonNote } from '../../terminal/cordon-note.ts';
import { printable } from '../../terminal/terminal-text.ts';

export type SeenHost = Answers['/api/hosts']['hosts'][number];

/** Why a host gets no job now, or that it gets them, for people at a terminal. */
export function hostWords({
  state,
  cordon,
  failure,
  nextWindow,
  proof,
  maintenanceSince,
  held,
}: SeenHost): string {
  const words = [
    ...(cordon ? [`${cordonNote(cordon)}.`] : []),
    ...(failure ? [printable(failure.message)] : []),
    ...(maintenanceSince ? [`its agent has refused changes since ${moment(maintenanceSince)}.`] : []),
    ...(state === 'proving' && proof
      ? [`gets one VM first, to prove that it works: ${proofWords(proof)}.`]
      : []),
  ];
  const now = words.length > 0 ? words.join(' ') : state === 'healthy' ? 'takes jobs' : '';
  const more = [
    ...(held ? [`holds the VM of job ${held.hold.jobId} until ${moment(held.hold.until)}`] : []),
    ...(nextWindow
      ? [`next maintenance from ${moment(nextWindow.from)} to ${moment(nextWindow.until)}`]
      : []),
  ].join('; ');
  return [now, more].filter(Boolean).join(now === 'takes jobs' ? '; ' : ' ');
}
