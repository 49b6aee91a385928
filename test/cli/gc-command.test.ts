import { expect, test } from 'vitest';
import { gcCommand } from '../../src/cli/commands/gc-command.ts';
import type { CollectionStep } from '../../src/upkeep/plan-collection.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { runningDaemon } from './running-daemon.ts';

const STEPS: CollectionStep[] = [
  {
    kind: 'vm',
    host: 'mac-1',
    id: 'A',
    name: 'gh-default-7-1',
    state: 'stopped',
    do: 'delete',
    why: 'no record owns it and it is stopped',
  },
  {
    kind: 'runner',
    scope: 'acme/app',
    id: 5,
    name: 'gh-default-8-1',
    online: true,
    busy: true,
    do: 'leave',
    why: 'GitHub says that it is busy',
  },
];

test('--dry-run only requests the plan, and prints each step with its reason', async () => {
  const asked: boolean[] = [];
  const collect = async (dryRun: boolean) => {
    asked.push(dryRun);
    return STEPS;
  };
  await using daemon = await runningDaemon({ collect });
  const { terminal, lines } = recordingTerminal();
  expect(await gcCommand({ config: daemon.config, dryRun: true }, terminal)).toBe(0);
  expect(lines.out).toEqual([
    'Nothing was changed. A collection now would:',
    'delete  vm      gh-default-7-1  on mac-1:     no record owns it and it is stopped',
    'leave   runner  gh-default-8-1  on acme/app:  GitHub says that it is busy',
  ]);
  await gcCommand({ config: daemon.config }, terminal);
  expect(asked).toEqual([true, false]);
});

test('an empty plan is one sentence', async () => {
  await using daemon = await runningDaemon();
  const { terminal, text } = recordingTerminal();
  await gcCommand({ config: daemon.config }, terminal);
  expect(text()).toMatch(/^Nothing to collect: /);
});

test('the reason of a refusal by the daemon is printed', async () => {
  const collect = () => Promise.reject(new Error('GitHub cannot be reached'));
  await using daemon = await runningDaemon({ collect });
  const { terminal } = recordingTerminal();
  await expect(gcCommand({ config: daemon.config }, terminal)).rejects.toThrow(
    `The daemon at ${daemon.url} refused with status 500: GitHub cannot be reached`,
  );
});
