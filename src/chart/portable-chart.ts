import type { AnyStateMachine } from 'xstate';

/**
 * Returns a machine's configuration as JSON, the form that XState's `createMachine`, Stately's editor and similar tools
 * read. What is written in code there becomes a name. A guard stays as a name, since without it the transitions after
 * it would look unreachable. A parameter that is computed from the event is left out; its guard or action is then a
 * plain name.
 */
export function portableChart(machine: AnyStateMachine): string {
  const named = (key: string, value: unknown) => {
    if (isGivenCode(value)) return value.type;
    if (typeof value !== 'function') return value;
    if (key === 'guard') return value.name === 'guard' || value.name === '' ? 'by its result' : value.name;
    return key === 'actions' || /^\d+$/.test(key) ? 'assign' : undefined;
  };
  return JSON.stringify(machine.config, named, 2);
}

function isGivenCode(value: unknown): value is { type: string } {
  return (
    typeof value === 'object' && value !== null && 'params' in value && typeof value.params === 'function'
  );
}
