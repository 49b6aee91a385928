import type { BreakerView } from '../../../machines/breaker.ts';

const SUBJECTS: Record<BreakerView['about'], (name: string) => string> = {
  github: () => 'GitHub',
  registration: (name) => `The registration of runners with ${name}`,
  pull: (name) => `The pull from ${name}`,
  pair: (name) => `The profile ${name}`,
  host: (name) => `The host ${name}`,
  profile: (name) => `The profile ${name}`,
};

/** Returns what a breaker holds back, as the beginning of a sentence. */
export const breakerSubject = ({ about, name }: Pick<BreakerView, 'about' | 'name'>): string =>
  SUBJECTS[about](name);
