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

/** Every path of a machine, from the type of its state values: `running`, `running.idle`, `running.idle.watching`. */
export type StatePath<Value> = Value extends string
  ? Value
  : Value extends object
    ? { [Key in keyof Value & string]: Key | `${Key}.${StatePath<Value[Key]>}` }[keyof Value & string]
    : never;
