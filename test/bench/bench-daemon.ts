import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { secretValues } from '../../src/config/secret-values.ts';
import { type Daemon, startDaemon } from '../../src/controller/daemon.ts';
import { realPorts } from '../../src/controller/outside/ports.ts';
import { createLog } from '../../src/log.ts';
import { serveQuestions } from './child.ts';
import { stillGuests } from './still-guests.ts';

// The daemon on its real ports, in its own process. With `still` after the config's path its guests accept
// every login and never respond: ten thousand of them need no process and no socket.

const [path = 'config.json', guests] = process.argv.slice(2);
let daemon: Daemon | null = null;
let firstLogin: number | null = null;

serveQuestions({
  /** Returns the milliseconds from the call to a listening daemon. */
  async start() {
    const began = performance.now();
    const env = {};
    const { config } = loadConfig({ path, env });
    const log = createLog({ ...config.log, secrets: secretValues(config) });
    const openGuest = stillGuests(() => {
      firstLogin ??= performance.now() - began;
    });
    const ports = guests === 'still' ? { ...realPorts, openGuest } : realPorts;
    daemon = await startDaemon({ config, env, clock: systemClock, log, ports });
    const listening = performance.now() - began;
    return { listening };
  },
  /** Milliseconds from the start to the first effect that reached its guest; null when none has within 20 s. */
  async firstLogin() {
    const patient = performance.now() + 20_000;
    while (firstLogin === null && performance.now() < patient) await turn();
    return firstLogin;
  },
  usage: () => process.cpuUsage(),
  async heap() {
    for (let times = 0; times < 4; times += 1) {
      global.gc?.();
      await turn();
    }
    return process.memoryUsage();
  },
  drain: () => daemon?.drain(),
});

// As the command does.
process.once('SIGTERM', async () => {
  await daemon?.drain();
  process.exit();
});
