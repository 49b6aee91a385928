import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GuestFixture, type StartGuest } from './guest-fixture.ts';

/** The rules for a session in every guest, whichever SSH server and shell it has. */
export function sessionContract(name: string, start: StartGuest): void {
  describe(`a session in ${name}`, () => {
    const guest = new GuestFixture(start);

    test('a script gets its arguments and input unchanged, and its output and exit code are returned', async () => {
      const odd = ['', ' ', "it's", '"$HOME"', '`id`', '$(id)', 'a\nb', '\\', '*', '!x', 'ü√'];
      const script = 'for a in "$@"; do printf "<%s>" "$a"; done; cat; echo oops >&2; exit 3';
      expect(await guest.session.run(script, { args: odd, stdin: 'a secret\n' })).toEqual({
        code: 3,
        signal: null,
        stdout: `${odd.map((word) => `<${word}>`).join('')}a secret\n`,
        stderr: 'oops\n',
      });
    });

    test('a script has no terminal', async () => {
      expect((await guest.session.run('if [ -t 0 ] || [ -t 1 ]; then echo tty; fi')).stdout).toBe('');
    });

    test('output is cut at 256 KiB', async () => {
      const { stdout } = await guest.session.run('head -c 1000000 /dev/zero | tr "\\0" x');
      expect(stdout.length).toBe(256 * 1024);
    });

    test('a script that takes too long is a failure, and so is one whose caller aborts', async () => {
      await expect(guest.session.run('sleep 5', { timeoutMs: 200 })).rejects.toMatchObject({
        failure: { code: 'GUEST_COMMAND_FAILED' },
      });
      const control = new AbortController();
      const reason = new Error('left the state');
      const running = guest.session.run('sleep 5', { signal: control.signal });
      control.abort(reason);
      await expect(running).rejects.toBe(reason);
      await expect(guest.session.run('true', { signal: control.signal })).rejects.toBe(reason);
    });

    test('a script on a connection that is lost or closed fails as an unreachable guest', async () => {
      const running = guest.session.run('sleep 5');
      const failed = expect(running).rejects.toMatchObject({ failure: { code: 'GUEST_UNREACHABLE' } });
      await guest.session.run('true');
      guest.server.cut();
      await failed;
      await expect(guest.session.run('true')).rejects.toMatchObject({
        failure: { code: 'GUEST_UNREACHABLE' },
      });
    });

    test('the host key of the first login is pinned, and a login with another one fails', async () => {
      expect(Buffer.from(guest.session.hostKey, 'base64')).toHaveLength(32);
      (await guest.open(guest.session.hostKey)).close();
      await expect(guest.open(Buffer.alloc(32).toString('base64'))).rejects.toMatchObject({
        failure: { code: 'GUEST_IDENTITY_CHANGED' },
      });
    });

    test('the probe returns system, architecture, clock and runner version of the guest', async () => {
      const facts = await guest.inside().probe();
      expect(facts).toMatchObject({ runnerVersion: '2.334.0', os: 'Linux' });
      expect(facts.arch).toMatch(/^\w+$/);
      expect(Math.abs(facts.guestTime - Date.now())).toBeLessThan(60_000);
    });

    test('the probe names exactly what is missing and where it looked', async () => {
      guest.home.remove('run.sh');
      writeFileSync(`${guest.home.runner}/config.sh`, '', { mode: 0o644 });
      guest.home.remove('config.sh');
      writeFileSync(`${guest.home.runner}/config.sh`, '', { mode: 0o644 });
      const error: unknown = await guest
        .inside()
        .probe()
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ failure: { code: 'GUEST_TOOL_MISSING', blame: 'image' } });
      expect(String(error)).toContain('lacks run.sh, config.sh (it is there, but not executable).');
      expect(String(error)).toContain(guest.home.runner);
      await expect(guest.inside('/nowhere').probe()).rejects.toThrow(
        /lacks run\.sh, config\.sh\. .*\/nowhere/,
      );
    });
  });
}
