import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { matchProfile } from '../../src/config/profile.ts';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { SMALLEST, temporaryFolder } from '../config/config-fixture.ts';
import { EXTERNAL_EVENTS, JOB } from '../machines/job-samples.ts';
import { machine, STATES, snapshotAt, step } from '../machines/job-step.ts';
import { changed } from './changed.ts';

/** Checks that the text loads as a configuration or throws a ConfigError with a sentence for each problem. */
function loads(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  writeFileSync(path, text);
  try {
    loadConfig({ path, env: { HOME: folder } });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { problems } = error as ConfigError;
    expect(problems.length).toBeGreaterThan(0);
    for (const { message } of problems) expect(message).toMatch(/\w+ \w+/);
  }
}

test('a slightly changed configuration loads, or every problem has a sentence', () => {
  const folder = temporaryFolder();
  const whole = {
    ...SMALLEST,
    hosts: [{ name: 'mac-1', base_url: 'http://192.0.2.1:8011/v1', token: 'T'.repeat(36) }],
    controller: { mode: 'both', poll_interval: '10s', webhook_listen: ':9090' },
    timeouts: { creating: '1h' },
  };
  fc.assert(
    fc.property(changed(whole), (content) => loads(folder, 'c.json', JSON.stringify(content) ?? '')),
    { numRuns: 500 },
  );
});

test('any text as a configuration is refused with a sentence, without a crash', () => {
  const folder = temporaryFolder();
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.stringMatching(/^[-:{}[\]&*!|>'"%@`#, \n\ta-z0-9]{0,80}$/),
  );
  fc.assert(
    fc.property(text, (content) => {
      loads(folder, 'c.yaml', content);
      loads(folder, 'c.json', content);
    }),
    { numRuns: 500 },
  );
});

test('a slightly changed record is refused with a reason, or is revived without an error', () => {
  const stored = STATES.map((state) => {
    const { after } = step(snapshotAt(state), EXTERNAL_EVENTS['vm.vanished'] ?? { type: 'vm.vanished' });
    const actor = createActor(machine, { snapshot: after as never, input: { job: after.context.job } });
    return JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
  });
  fc.assert(
    fc.property(fc.oneof(...stored.map(changed)), (record) => {
      const read = readSnapshot(machine, record);
      if ('why' in read) {
        expect(read.why).toMatch(/\w+ \w+/);
        return;
      }
      const { snapshot } = read;
      const actor = createActor(machine, { snapshot, input: { job: JOB } });
      actor.subscribe({ error: () => undefined });
      actor.start();
      actor.stop();
    }),
    { numRuns: 1_000 },
  );
});

test('a job matches a profile only when that has every label of the job', () => {
  const label = fc.oneof(
    fc.constantFrom(
      'self-hosted',
      'macOS',
      'jeballto-macos',
      'ARM64',
      'jeballto-\u212aacos',
      'JEBALLTO-macos',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(label), (runsOn) => {
      const profile = matchProfile(runsOn, { 'jeballto-macos': {} }, ['self-hosted', 'macos', 'arm64']);
      const covered = ['self-hosted', 'macos', 'arm64', 'jeballto-macos'];
      const lower = runsOn.map((one) => one.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
      const fits = lower.includes('jeballto-macos') && lower.every((one) => covered.includes(one));
      expect(profile).toBe(fits ? 'jeballto-macos' : null);
    }),
    { numRuns: 1_000 },
  );
});
