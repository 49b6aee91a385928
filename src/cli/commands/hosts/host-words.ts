import type { Answers } from '../../../http/admin/api/api-routes.ts';
import { cordonNote } from '../../terminal/cordon-note.ts';
import { printable } from '../../terminal/terminal-text.ts';

export type SeenHost = Answers['/api/hosts']['hosts'][number];

/** Why a host gets no job now, or that it gets them, for people at a terminal. */
export function hostWords({ state, cordon, failure }: SeenHost): string {
  const words = [
    ...(cordon ? [`${cordonNote(cordon)}.`] : []),
    ...(failure ? [printable(failure.message)] : []),
  ];
  if (words.length > 0) return words.join(' ');
  return state === 'healthy' ? 'takes jobs' : '';
}
