/** A state value as people read it: `tearingDown.vm.acting, tearingDown.runner.gone`. */
export function statePath(value: unknown, prefix = ''): string {
  if (typeof value === 'string') return prefix ? `${prefix}.${value}` : value;
  return Object.entries(value as Record<string, unknown>)
    .map(([key, inner]) => statePath(inner, prefix ? `${prefix}.${key}` : key))
    .join(', ');
}

/** The state that a person knows: the first part of a machine's value. */
export function topState(value: unknown): string {
  return typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? '');
}

/** Whether a transition of a job's actor, told by its paths, was its last. */
export function isOver(to: string): boolean {
  return to === 'done' || to === 'failed';
}

/** Whether it was the one by which an attempt came to its teardown. */
export function beginsTeardown(from: string, to: string): boolean {
  return isTearingDown(to) && !isTearingDown(from);
}

export function isTearingDown(path: string): boolean {
  return path.startsWith('tearingDown');
}

/** Every path of a machine, from the type of its state values: `running`, `running.idle`, `running.idle.watching`. */
export type StatePath<Value> = Value extends string
  ? Value
  : Value extends object
    ? { [Key in keyof Value & string]: Key | `${Key}.${StatePath<Value[Key]>}` }[keyof Value & string]
    : never;
