import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { commandLine } from '../../src/cli/program/program.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { TOKEN } from '../simulator/agent/agent-fixture.ts';
import { canRun } from '../support/can-run.ts';
import { abandoned } from './abandoned-world.ts';
import { atTerminal, whyNoTerminal } from './pseudo-terminal.ts';

vi.setConfig({ testTimeout: 60_000 });

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
