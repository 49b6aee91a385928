import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type LeftoversOptions, leftoversCommand } from '../../src/cli/leftovers/leftovers-command.ts';
import { commandLine } from '../../src/cli/program/program.ts';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import {
  type EffectFixtureOptions,
  effectFixture,
  LABEL,
  OWNER,
  REPOSITORY,
} from '../effects/effect-fixture.ts';
import { IMAGE, TOKEN } from '../simulator/agent/agent-fixture.ts';
import { connect, jitBody, runnerNamed } from '../simulator/github/github-fixture.ts';
import { canRun } from '../support/can-run.ts';
import { soon } from '../support/soon.ts';
import { lostAttempt } from '../upkeep/lost-attempt.ts';
import { startCli } from './cli-process.ts';
import { atTerminal, whyNoTerminal } from './pseudo-terminal.ts';
import { recordingTerminal } from './recording-terminal.ts';
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

interface World extends EffectFixtureOptions {
  /** Merged into the config file's section `admin`. */
  admin?: Record<string, unknown>;
  /** How many Macs of the world the config still names. */
  named?: number;
}

/** Macs and GitHub that the controller `t` worked with, and a config in which it has the id `new`. */
async function abandoned({ admin, named = 1, ...options }: World = {}) {
  const at = await effectFixture(options);
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-leftovers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config.json');
  const content = {
    github: { api_url: at.github.url, token: 'ghp_oftheleftovers', owner: OWNER, repository: REPOSITORY },
    hosts: at.macs
      .slice(0, named)
      .map(({ url }, n) => ({ name: `mac-${n + 1}`, base_url: url, token: TOKEN })),
    controller: { id: 'new' },
    runner: { ssh_user: 'admin', ssh_password: 'admin', install_path: '~/actions-runner' },
    timeouts: { retire_window: '1s' },
    labels: { [LABEL]: { image: IMAGE } },
    store: { path: join(folder, 'store') },
    admin: { listen: `127.0.0.1:${await freePort(Math.random)}`, ...admin },
  };
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  const run = async (
    more: Partial<LeftoversOptions> = {},
    env: NodeJS.ProcessEnv = {},
    clock = systemClock,
  ) => {
    const { terminal, lines } = recordingTerminal(env, clock);
    const code = await leftoversCommand({ config: path, controllerId: 't', hosts: [], ...more }, terminal);
    return { code, lines: lines.out };
  };
  const register = async (name: string) => {
    const route = `/repos/${OWNER}/${REPOSITORY}/actions/runners/generate-jitconfig`;
    expect((await at.github.ask('POST', route, jitBody(name, [LABEL]))).status).toBe(201);
  };
  const names = (n = 0) => [...(at.macs[n]?.world.vms.values() ?? [])].map(({ name }) => name);
  return { ...at, folder, path, run, register, names };
}

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

test('a Mac that left the config is asked with the token from its file or its variable', async () => {
  const at = await abandoned({ macs: 2 });
  const { url, world } = at.macs[1] ?? at.mac;
  addForeignVm(world, { name: 'gh-t-7-1', state: 'stopped' });
  expect((await at.run()).code).toBe(0);
  const tokenFile = join(at.folder, 'mac.token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const { host } = new URL(url);
  const listed = expect.stringMatching(new RegExp(`^delete {2}vm {2}gh-t-7-1 {2}on ${host} `));
  expect((await at.run({ hosts: [{ url, tokenFile }] })).lines[0]).toEqual(listed);
  const variable = `JEBALLTO_TOKEN_${host.replace(/\W/g, '_')}`;
  expect((await at.run({ hosts: [{ url }] }, { [variable]: TOKEN })).lines[0]).toEqual(listed);
  await expect(at.run({ hosts: [{ url }] })).rejects.toThrow(variable);
  await at.run({ hosts: [{ url, tokenFile }], remove: true, yes: true });
  expect(at.names(1)).toEqual([]);
});

test('an invalid --host is refused with the reason', async () => {
  const at = await abandoned();
  const refusal = (url: string) => at.run({ hosts: [{ url }] }).then(String, ({ message }) => message);
  expect(await refusal('mac-9')).toMatch(/^--host mac-9 is not an http or https URL/);
  expect(await refusal('http://mac-9:8011')).toMatch(/does not end in \/v1/);
  expect(await refusal(at.mac.url)).toMatch(/is mac-1 of the config: leave it out\.$/);
  const url = 'http://mac-9:8011/v1';
  await expect(at.run({ hosts: [{ url }, { url }] })).rejects.toThrow('is named already');
});

test('a --token-file is only accepted after the --host that it belongs to', () => {
  const parse = (...words: string[]) => {
    const program = commandLine();
    const silent = { writeErr: () => undefined, writeOut: () => undefined };
    for (const one of [program, ...program.commands]) one.exitOverride().configureOutput(silent);
    program.commands.find((one) => one.name() === 'leftovers')?.action(() => undefined);
    program.parse(['leftovers', '--controller-id', 'old', ...words], { from: 'user' });
  };
  expect(() => parse('--host', 'a', '--token-file', 'x', '--host', 'b', '--token-file', 'y')).not.toThrow();
  expect(() => parse('--token-file', 'x', '--host', 'a')).toThrow('Write it after the --host');
  expect(() => parse('--host', 'a', '--token-file', 'x', '--token-file', 'y')).toThrow(
    'Write it after the --host',
  );
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

test('names of an earlier prefix are found with --prefix only', async () => {
  const at = await abandoned();
  addForeignVm(at.mac.world, { name: 'mac-ci-t-7-1', state: 'stopped' });
  expect((await at.run()).code).toBe(0);
  const { code } = await at.run({ prefix: 'mac-ci', remove: true, yes: true });
  expect([code, at.names()]).toEqual([0, []]);
});

test('--json prints the same as one JSON object', async () => {
  const at = await abandoned();
  const { createdAt } = addForeignVm(at.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
  const thing = { kind: 'vm', name: 'gh-t-7-1', on: 'mac-1', state: 'stopped', does: 'delete' };
  const listed = await at.run({ json: true });
  expect(listed.lines).toHaveLength(1);
  expect(JSON.parse(listed.lines[0] ?? '')).toEqual({
    names: 'gh-t',
    things: [
      {
        ...thing,
        createdAt: expect.closeTo(createdAt, -4),
        outcome: null,
        why: 'no record owns it and it is stopped',
      },
    ],
    unseen: [],
  });
  const removed = await at.run({ json: true, remove: true, yes: true });
  expect(JSON.parse(removed.lines[0] ?? '')).toMatchObject({
    things: [{ ...thing, outcome: 'removed', why: null }],
  });
});

test('without a terminal nothing is removed unless --yes says so', async () => {
  const at = await abandoned();
  addForeignVm(at.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
  await expect(at.run({ remove: true })).rejects.toThrow('--yes is missing');
  expect(at.names()).toEqual(['gh-t-7-1']);
});

test.runIf(canRun(whyNoTerminal()))(
  'at a terminal the removal must be confirmed, and Enter alone means no',
  async () => {
    const at = await abandoned();
    addForeignVm(at.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
    const args = ['leftovers', '--controller-id', 't', '--remove', '--config', at.path];
    const no = atTerminal(args, { cwd: at.folder });
    await no.see('Remove 1 VM?', '\r');
    await no.see('Nothing was removed.');
    expect([await no.ended, at.names()]).toEqual([1, ['gh-t-7-1']]);
    const yes = atTerminal(args, { cwd: at.folder });
    await yes.see('Remove 1 VM?', 'y');
    await yes.see('removed  vm gh-t-7-1 on mac-1');
    expect([await yes.ended, at.names()]).toEqual([0, []]);
  },
);
