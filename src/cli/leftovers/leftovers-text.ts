import type { Remnant, Removal, Unseen } from '../../upkeep/other-controller.ts';
import type { CollectionStep } from '../../upkeep/plan-collection.ts';
import { printable, shortSpan, textTable } from '../terminal/terminal-text.ts';

/** What a removal would do, in a word. */
export const DOES = { delete: 'delete', adopt: 'retire', wait: 'leave', leave: 'leave' } as const;

export const placeOf = (step: CollectionStep) => (step.kind === 'vm' ? step.host : step.scope);

/** A line for each thing; `now` in epoch ms. */
export function remnantLines(remnants: readonly Remnant[], now: number): string[] {
  return textTable(
    remnants.map(({ step, createdAt }) => [
      DOES[step.do],
      step.kind,
      printable(step.name),
      `on ${printable(placeOf(step))}`,
      createdAt === null ? '' : `${shortSpan(now - createdAt)} old`,
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
