import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasSshd, makeSshKeys } from '../support/openssh.ts';
import { openSshHypervisor } from './openssh-hypervisor.ts';
import { conclusions, scenario } from './scenario.ts';

test.skipIf(!hasSshd())('jobs are served in guests with a real OpenSSH and a login by key', async () => {
  const keys = mkdtempSync(join(tmpdir(), 'jeballto-keys-'));
  try {
    const made = makeSshKeys(keys);
    await using world = await scenario({
      hypervisor: openSshHypervisor(made),
      config: { runner: { ssh_user: userInfo().username, ssh_private_key_path: made.user_key } },
    });
    await world.start();
    const jobs = world.push([{ steps: ['echo from "$HOME"', 'git --version'] }, {}]);
    await world.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    expect(world.vmsCreated()).toBe(2);
  } finally {
    rmSync(keys, { recursive: true });
  }
});
