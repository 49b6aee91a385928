import { appendFileSync } from 'node:fs';
import { listenForStop } from '../../src/cli/stop-signals.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { secretValues } from '../../src/config/secret-values.ts';
import { startDaemon } from '../../src/controller/daemon.ts';
import { createLog } from '../../src/log.ts';
import { crashingPorts } from './crashing-ports.ts';

// The daemon as its command starts it, but it kills itself with SIGKILL the `CRASH_VISIT`th time that it
// passes the point `CRASH_AT`, both from the environment. Each point that it passes is appended to the file
// `CRASH_POINTS`.

const { CRASH_AT, CRASH_VISIT = '1', CRASH_POINTS = '' } = process.env;
let visits = 0;

function pass(point: string): void {
  appendFileSync(CRASH_POINTS, `${point}\n`);
  if (point !== CRASH_AT) return;
  visits += 1;
  if (visits === Number(CRASH_VISIT)) process.kill(process.pid, 'SIGKILL');
}

const env = {};
const { config } = loadConfig({ path: process.argv[2] ?? 'config.json', env });
const log = createLog({ ...config.log, secrets: secretValues(config) });
const stop = listenForStop({ signals: ['SIGTERM'], clock: systemClock, force: process.exit });
const daemon = await startDaemon({ config, env, clock: systemClock, log, ports: crashingPorts(pass) });
log.info('is ready');
await stop.first;
await daemon.drain();
process.exit(0);
