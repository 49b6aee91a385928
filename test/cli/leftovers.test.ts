import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { connect, runnerNamed } from '../simulator/github/github-fixture.ts';
import { soon } from '../support/soon.ts';
import { lostAttempt } from '../upkeep/lost-attempt.ts';
import { abandoned } from './abandoned-world.ts';
import { startCli } from './cli-process.ts';
import { runningDaemon } from './running-daemon.ts';

vi.setConfig({ testTimeout: 60_000 });

const BASE = 'gh-t-base-0123456789abcdef';
const LONG = ['touch "$HOME/begun"; while [ ! -f "$HOME/enough" ]; do sleep 0.1; done'];

/**
 * A clock on which each sleep takes a twentieth of its time, so that tests do not wait long; instants are
 * real.
 */
const HASTY: Clock = {
  now: () => systemClock.now(),
  systemAheadBy: () => 0,
  sleepUntil: (at, signal) =>
    systemClock.sleepUntil(systemClock.now() + (at - systemClock.now()) / 20, signal),
  alarm: (at, wake) => systemClock.alarm(systemClock.now() + (at - systemClock.now()) / 20, wake),
};

/** Names that look like names of the controller `t` but are not. */
const STRANGERS = [
  'gh-tt-9-1',
  'gh-new-9-1',
  'gh-t-9',
  'gh-t-09-1',
  'gh-t-base-0123',
  'xgh-t-9-1',
  'build-server',
];

test('everything with a name of the earlier id is listed, with its age, its host and the action', async () => {
  const at = await abandoned();
  for (const name of STRANGERS) {
    addForeignVm(at.mac.world, { name, state: 'stopped' });
    await at.register(name);
  }
  addForeignVm(at.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
  addForeignVm(at.mac.world, { name: BASE, state: 'stopped' });
  addForeignVm(at.mac.world, { name: 'gh-t-8-1', state: 'paused' });
  addForeignVm(at.mac.world, { name: 'gh-t-9-1', state: 'running' });
  await at.register('gh-t-9-1');
  await at.register('gh-t-6-1');
  const before = [at.names(), at.runnerNames()];
  const { code, lines } = await at.run();
  expect(code).toBe(1);
  expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
    expect.stringMatching(/^delete vm gh-t-7-1 on mac-1 \d+ s old no record owns it and it is stopped$/),
    expect.stringMatching(
      /^leave vm gh-t-8-1 on mac-1 \d+ s old .*it is paused, so its guest cannot be asked/,
    ),
    expect.stringMatching(/^retire vm gh-t-9-1 on mac-1 \d+ s old .*its guest is asked first$/),
    expect.stringMatching(/^delete vm gh-t-base-\w+ on mac-1 \d+ s old no profile uses this base VM/),
    'delete runner gh-t-6-1 on octo/app no record and no VM owns it',
    'leave runner gh-t-9-1 on octo/app its VM still exists and is removed first',
    expect.stringMatching(/^Nothing was removed\. Make sure that no daemon runs with the id "t"/),
  ]);
  expect([at.names(), at.runnerNames()]).toEqual(before);
});

test('--remove removes everything of the earlier id and nothing of others', async () => {
  const at = await abandoned();
  for (const name of STRANGERS) {
    addForeignVm(at.mac.world, { name, state: 'stopped' });
    await at.register(name);
  }
  addForeignVm(at.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
  await at.register('gh-t-7-1');
  addForeignVm(at.mac.world, { name: BASE, state: 'stopped' });
  addForeignVm(at.mac.world, { name: `${BASE}-new-a1`, state: 'stopped' });
  await at.register('gh-t-6-1');
  const { code, lines } = await at.run({ remove: true, yes: true });
  expect(lines.filter((line) => /^(removed|left|unknown)/.test(line)).sort()).toEqual([
    'removed  runner gh-t-6-1 on octo/app',
    'removed  runner gh-t-7-1 on octo/app',
    'removed  vm gh-t-7-1 on mac-1',
    `removed  vm ${BASE} on mac-1`,
    `removed  vm ${BASE}-new-a1 on mac-1`,
  ]);
  expect([code, at.names(), at.runnerNames()]).toEqual([0, STRANGERS, STRANGERS]);
  expect(await at.run()).toEqual({
    code: 0,
    lines: ['No VM and no runner has a name of "gh-t" on the Macs and at GitHub, as far as they answered.'],
  });
});

test('law 5: a VM with an idle runner is retired together with the runner, and one whose guest works is left', async () => {
  const at = await abandoned({ mac: { slots: 2 } });
  // Pushed first, or the idle runner would take the job.
  const busy = await lostAttempt(at, LONG);
  await busy.launch();
  await soon(async () => expect((await busy.inGuest('ls ~/begun')).code).toBe(0));
  const idle = await lostAttempt(at);
  cancelRun(at.github.world, idle.run);
  await idle.launch();
  const { code, lines } = await at.run({ remove: true, yes: true });
  expect(code).toBe(1);
  expect(lines).toContain(`removed  vm ${idle.name} on mac-1`);
  expect(lines).toContain(
    `left     vm ${busy.name} on mac-1: A job runs in the guest of ${busy.name}: try again when it has ended.`,
  );
  expect([at.names(), at.runnerNames()]).toEqual([[busy.name], [busy.name]]);
  expect(at.jobOf(busy.jobId).status).toBe('in_progress');
  await busy.inGuest('touch ~/enough');
  await soon(() =>
    expect(at.jobOf(busy.jobId)).toMatchObject({ status: 'completed', conclusion: 'success' }),
  );
  expect((await at.run({ remove: true, yes: true })).code).toBe(0);
  expect([at.names(), at.runnerNames()]).toEqual([[], []]);
});

test('a VM whose guest cannot be asked is left, and so is a runner that is online', async () => {
  const at = await abandoned();
  addForeignVm(at.mac.world, { name: 'gh-t-9-1', state: 'running' });
  await at.register('gh-t-6-1');
  connect(at.github.world, runnerNamed(at.github.world, 'gh-t-6-1'));
  const { code, lines } = await at.run({ remove: true, yes: true }, {}, HASTY);
  expect(code).toBe(1);
  expect(lines.filter((line) => line.startsWith('left '))).toEqual([
    expect.stringMatching(/^left {5}vm gh-t-9-1 on mac-1: \S.*/),
    'left     runner gh-t-6-1 on octo/app: it is online',
  ]);
  expect([at.names(), at.runnerNames()]).toEqual([['gh-t-9-1'], ['gh-t-6-1']]);
});

test('an agent that hangs is named, and the other hosts are still cleaned up', async () => {
  const at = await abandoned({ macs: 2, named: 2 });
  at.mac.faults.add({ route: 'GET /vms', hang: true });
  addForeignVm(at.macs[1]?.world ?? at.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
  const { code, lines } = await at.run({ remove: true, yes: true }, {}, HASTY);
  expect(code).toBe(1);
  expect(lines).toContain('removed  vm gh-t-7-1 on mac-2');
  expect(lines).toContainEqual(expect.stringMatching(/^unknown {2}what is left on mac-1: \S/));
});

test('the id of the config, the id of a running daemon, and an invalid id are refused', async () => {
  const at = await abandoned();
  await expect(at.run({ controllerId: 'new' })).rejects.toThrow(
    /^"new" is the controller\.id of this config, .*gc/,
  );
  await expect(at.run({ controllerId: 'No-Id' })).rejects.toThrow(
    '--controller-id "No-Id" does not fit here: write lower-case letters',
  );
  await expect(at.run({ prefix: '-' })).rejects.toThrow(
    '--prefix "-" does not fit here: write lower-case letters',
  );
  const status = (more: object) => () => ({ ok: true, reasons: [], ...more });
  await using same = await runningDaemon({ status: status({ namePrefix: 'gh-t' }) });
  const stays = await abandoned({ admin: { listen: new URL(same.url).host } });
  addForeignVm(stays.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
  const remove = { remove: true, yes: true };
  await expect(stays.run(remove)).rejects.toThrow(
    /^The daemon at .* still runs with this id, although the config has another one/,
  );
  await using silent = await runningDaemon({ status: status({}) });
  const untold = await abandoned({ admin: { listen: new URL(silent.url).host } });
  await expect(untold.run(remove)).rejects.toThrow('its controller.id is unknown');
  await using locked = await runningDaemon({ status: status({ namePrefix: 'gh-t' }) }, 'token of its admin');
  const refused = await abandoned({ admin: { listen: new URL(locked.url).host } });
  await expect(refused.run(remove)).rejects.toThrow('its controller.id is unknown');
  expect(stays.names()).toEqual(['gh-t-7-1']);
  await using other = await runningDaemon({ status: status({ namePrefix: 'gh-new' }) });
  const freed = await abandoned({ admin: { listen: new URL(other.url).host } });
  expect((await freed.run(remove)).code).toBe(0);
});

test('a running daemon is asked for its id, since it may have started before the config got a new one', async () => {
  const at = await abandoned();
  const older = join(at.folder, 'older.json');
  const content = JSON.parse(readFileSync(at.path, 'utf8'));
  const controller = { id: 't', webhook_listen: '127.0.0.1:0' };
  writeFileSync(older, JSON.stringify({ ...content, controller }), { mode: 0o600 });
  const daemon = startCli(['start', '--config', older], { cwd: at.folder });
  onTestFinished(async () => {
    daemon.child.kill('SIGKILL');
    await daemon.ended;
  });
  const url = `http://${content.admin.listen}/healthz`;
  await soon(async () => expect((await fetch(url)).status).toBe(200));
  await expect(at.run({ remove: true, yes: true })).rejects.toThrow(
    'still runs with this id, although the config has another one',
  );
});
