import { fromPromise } from 'xstate';
import { effectPlaceholders, type JobEffects } from '../../machines/job/effects.ts';

/** Effects that end at once, each with what it returns for its input. */
export type EndingEffects = {
  [Name in keyof JobEffects]?: (input: JobEffects[Name]['input']) => JobEffects[Name]['output'];
};

/** Effects that never end by themselves, except for those given: a job moves only when a test says so. */
export function endlessEffects(ending: EndingEffects = {}): typeof effectPlaceholders {
  const all = Object.keys(effectPlaceholders).map((name) => {
    const end = ending[name as keyof JobEffects] as ((input: unknown) => unknown) | undefined;
    return [name, fromPromise(async ({ input }) => (end ? end(input) : new Promise<never>(() => undefined)))];
  });
  return Object.fromEntries(all) as typeof effectPlaceholders;
}
