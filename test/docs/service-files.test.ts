import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serviceUnit } from '../../src/cli/service/service-unit.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');

/** The only code block of this language on the page. */
function block(language: string): string {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

test('the service files on the page are those that service install writes', () => {
  const folder = '/Users/runner/jeballto-runner';
  const main = 'lib/node_modules/jeballto-runner/dist/src/main.js';
  expect(block('xml')).toBe(
    serviceUnit('launchd', {
      command: ['/opt/homebrew/bin/node', `/opt/homebrew/${main}`],
      config: `${folder}/config.json`,
      store: `${folder}/data`,
      logFile: `${folder}/daemon.log`,
      user: 'runner',
    }),
  );
  expect(block('ini')).toBe(
    serviceUnit('systemd', {
      command: ['/usr/bin/node', `/usr/${main}`],
      config: '/etc/jeballto-runner/config.json',
      store: '/var/lib/jeballto-runner/data',
      logFile: '',
      user: 'jeballto-runner',
    }),
  );
});
