import type { Hypervisor } from '../../src/simulator/agent/hypervisor.ts';
import { makeGuestHome } from '../../src/simulator/guest/guest-home.ts';
import { killGuestProcesses } from '../../src/simulator/guest/guest-processes.ts';
import { loopbackHypervisor } from '../../src/simulator/guest/loopback-hypervisor.ts';
import { startSshd } from '../support/openssh.ts';

/** Guests with OpenSSH's own sshd, in which this machine's login shell runs the commands. */
export function openSshHypervisor(keys: { host_key: string; user_key: string }): Hypervisor {
  return {
    ...loopbackHypervisor(),
    async powerOn({ id }, plan) {
      const home = await makeGuestHome({ vmId: id, user: 'admin', plan });
      const { HOME, ...env } = home.env;
      const sshd = await startSshd({ home: HOME ?? home.path, env, keys });
      return {
        port: sshd.port,
        async stop() {
          await sshd.close();
          await killGuestProcesses(home);
          await home.remove();
        },
      };
    },
  };
}
