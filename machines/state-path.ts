/** Every path of a machine, from the type of its state values: `running`, `running.idle`, `running.idle.watching`. */
export type StatePath<Value> = Value extends string
  ? Value
  : Value extends object
    ? { [Key in keyof Value & string]: Key | `${Key}.${StatePath<Value[Key]>}` }[keyof Value & string]
    : never;

/** A state as the journal writes it: the regions of a parallel state are separated by commas. */
export type WrittenState<Value> = StatePath<Value> | `${string}, ${string}`;

/** A state directly below the machine. */
export type TopState<Value> = Value extends string ? Value : keyof Value & string;

/** Returns a state value as people read it: `tearingDown.vm.acting, tearingDown.runner.gone`. */
export function statePath<Value>(value: Value): WrittenState<Value> {
  return pathsOf(value, '').join(', ') as WrittenState<Value>;
}

function pathsOf(value: unknown, prefix: string): string[] {
  if (typeof value === 'string') return [prefix + value];
  return Object.entries(value as object).flatMap(([key, inner]) => pathsOf(inner, `${prefix}${key}.`));
}

/** Returns the first part of a machine's value. */
export function topState<Value>(value: Value): TopState<Value> {
  const name = typeof value === 'string' ? value : Object.keys(value as object)[0];
  return name as TopState<Value>;
}
