import type { JobContext } from '../../machines/job/context.ts';
import type { Leftover } from '../store/tables/leftovers.ts';

/**
 * What may still be there when a record ends: all of it when an operator ended the record, the runner when GitHub
 * refused its removal for too long. Null when nothing may be there.
 */
export function leftoverOf(
  { vm, runner, failure }: JobContext,
  at: number,
): { key: string; leftover: Leftover } | null {
  const isForgotten = failure?.code === 'OPERATOR_FORGOT';
  const leftover: Leftover = {
    at,
    vm: isForgotten && vm ? { host: vm.host, name: vm.name } : null,
    runner: runner && (isForgotten || runner.isLeft) ? { scope: runner.scope, name: runner.name } : null,
  };
  const key = leftover.vm?.name ?? leftover.runner?.name;
  return key === undefined ? null : { key, leftover };
}
