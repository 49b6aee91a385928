import { describe, expect, test } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { effectPlaceholders } from '../../machines/job/effects.ts';
import { jobEffects } from '../../src/effects/job-effects.ts';
import { PIPELINE } from '../../src/journal/pipeline.js';
import { machine } from './job-step.ts';
import { allNodes } from './machine-walk.ts';

const tops = Object.values(machine.root.states) as AnyStateNode[];
const nodes = allNodes(machine.root);

describe('the definition', () => {
  test('has the states of the pipeline in their order, then the final ones', () => {
    expect(tops.map(({ key }) => key)).toEqual([
      'queued',
      'creating',
      'starting',
      'sshReady',
      'probing',
      'warm',
      'jitConfig',
      'runnerOnline',
      'running',
      'tearingDown',
      'done',
      'failed',
    ]);
    const notOfEveryJob = ['warm', 'done', 'failed'];
    expect(PIPELINE).toEqual(tops.map(({ key }) => key).filter((key) => !notOfEveryJob.includes(key)));
  });

  test('has a description in sentences for each state, except for those whose name is enough', () => {
    const shape = ['acting', 'watching', 'waiting', 'looking', 'gone'];
    for (const { id, key, description, parent } of nodes) {
      if (parent && !shape.includes(key)) expect(description, id).toMatch(/^[A-Z].+\.$/);
    }
  });

  test('invokes exactly the effects that the daemon provides', () => {
    const ordered = new Set(nodes.flatMap(({ invoke }) => invoke.map(({ src }) => String(src))));
    const provided = jobEffects({} as never, () => Promise.resolve(), {} as never);
    expect([...ordered].sort()).toEqual(Object.keys(effectPlaceholders).sort());
    expect([...Object.keys(provided), 'waitUntil'].sort()).toEqual(Object.keys(effectPlaceholders).sort());
  });
});
