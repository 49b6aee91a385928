import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { ROOTS } from '../../docs/machine-roots.ts';
import { hasSection } from '../../docs/machine-section.ts';
import { linkToState, tasksTable } from '../../docs/machine-tasks.ts';
import { pathOfNode } from '../../docs/machine-ways.ts';
import { anchorOf } from '../../docs/markdown.ts';
import { allNodes } from '../machines/machine-walk.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'machines.md'), 'utf8');

test.for([
  ['job', 'running.nowhere'],
  ['host', 'running'],
  ['job', ''],
] as const)('a task of the machine %s cannot name the state %j, which does not exist', ([machine, path]) => {
  expect(() => linkToState(machine, path)).toThrow(`the machine ${machine} has no state ${path}`);
});

test('a state without a section is explained in the section of the state around it', () => {
  expect(linkToState('job', 'running.retiring.settling')).toBe(
    '[`running.retiring.settling`](#runningretiring)',
  );
  expect(linkToState('job', 'tearingDown.job.decided')).toBe('[`tearingDown.job.decided`](#tearingdown)');
  expect(linkToState('host', 'lost')).toBe('host [`lost`](#lost)');
});

test('every section of a state is reached from a task, by an anchor that is its own', () => {
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
  const sections = Object.values(ROOTS)
    .flatMap((root): AnyStateNode[] => allNodes(root).filter(hasSection))
    .map((node) => anchorOf(pathOfNode(node)));
  expect(sections.length).toBeGreaterThan(20);
  expect(sections.filter((anchor) => headings.filter((one) => one === anchor).length !== 1)).toEqual([]);
  const table = tasksTable();
  expect(sections.filter((anchor) => !table.includes(`](#${anchor})`))).toEqual([]);
});
