import { connectReceivers } from '../../controller/outside/connect-receivers.ts';
import { proxyFor } from '../../controller/outside/proxy-for.ts';
import { counted } from '../../format.js';
import { testMessage } from '../../notices/message.ts';
import { postMessage } from '../../notices/post-message.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { readConfig } from '../read-config.ts';

/**
 * Sends a test message to each receiver of the config, or to one of them, without the daemon. Returns 1 when
 * one is not reached. Throws a UsageError when there is no such receiver.
 */
export async function notifyTestCommand(
  receiver: string | undefined,
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const { config: read } = readConfig(config, terminal);
  const all = await connectReceivers(read, terminal.env, { fetch, proxyFor });
  const asked = all.filter(({ name }) => receiver === undefined || name === receiver);
  if (asked.length === 0) {
    throw new UsageError(
      all.length === 0
        ? 'The config has no receiver: add one under notify.'
        : `The config has no receiver "${receiver}" under notify, but ${all.map(({ name }) => name).join(', ')}.`,
    );
  }
  const message = testMessage(read.controller.id, terminal.clock.now());
  const results = await Promise.all(
    asked.map(async (one) => ({ name: one.name, ...(await postMessage(one, message, terminal.clock)) })),
  );
  const failed = results.filter(({ isSent }) => !isSent).length;
  if (json) terminal.out(JSON.stringify({ receivers: results }));
  else
    for (const one of results) terminal.out(`${one.name}: ${one.isSent ? 'sent' : `not sent. ${one.why}`}`);
  if (failed > 0 && !json) terminal.err(`${counted(failed, 'receiver was', 'receivers were')} not reached.`);
  return failed === 0 ? ExitCode.ok : ExitCode.failed;
}
