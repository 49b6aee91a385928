import { DaemonError } from '../../errors.ts';

/** Refuses a runner name that could not be a directory of its own in the guest. */
export function checkedRunnerName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new DaemonError('UNEXPECTED', `"${name}" is not a name that this daemon gives to a runner.`);
}
