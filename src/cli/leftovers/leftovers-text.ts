import { age, counted } from '../../format.js';
import type { Remnant, Removal, Unseen } from '../../upkeep/other-controller.ts';
import type { CollectionStep } from '../../upkeep/plan-collection.ts';
import { printable, textTable } from '../terminal/terminal-text.ts';

/** What a removal would do. */
export const DOES = { delete: 'delete', adopt: 'retire', wait: 'leave', leave: 'leave' } as const;

export const placeOf = (step: CollectionStep) => (step.kind === 'vm' ? step.host : step.scope);

/** `2 VMs`, `1 runner` or `2 VMs and 1 runner`. */
export function amountOf(steps: readonly CollectionStep[]): string {
  const vms = steps.filter(({ kind }) => kind === 'vm').length;
  const runners = steps.length - vms;
  return [
    ...(vms > 0 ? [counted(vms, 'VM')] : []),
    ...(runners > 0 ? [counted(runners, 'runner')] : []),
  ].join(' and ');
}

/** Returns a line for each VM and runner; `now` in epoch ms. */
export function remnantLines(remnants: readonly Remnant[], now: number): string[] {
  return textTable(
    remnants.map(({ step, createdAt }) => [
      DOES[step.do],
      step.kind,
      printable(step.name),
      `on ${printable(placeOf(step))}`,
      createdAt === null ? '' : `${age(now - createdAt)} old`,
      printable(step.why),
    ]),
  );
}

export function removalLine({ step, why }: Removal): string {
  const what = `${step.kind} ${step.name} on ${placeOf(step)}`;
  return printable(why === null ? `removed  ${what}` : `left     ${what}: ${why}`);
}

export function unseenLine({ where, why }: Unseen): string {
  return printable(`unknown  what is left on ${where}: ${why}`);
}
