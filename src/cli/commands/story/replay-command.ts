import { readFile } from 'node:fs/promises';
import { type EvidenceFile, evidenceSchema } from '../../../evidence/evidence-file.ts';
import { createAdminApp } from '../../../http/admin/admin-app.ts';
import { replaySource } from '../../../http/admin/source/replay-source.ts';
import { listen } from '../../../http/listen.ts';
import { ExitCode, type Terminal, UsageError } from '../../command.ts';
import { listenForStop } from '../../stop-signals.ts';

/** Serves an evidence file in the daemon's page, on loopback, until a signal. Throws a UsageError for any other file. */
export async function replayCommand(
  path: string,
  { port, json }: { port: number; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const file = await read(path);
  const app = createAdminApp({
    source: replaySource(file),
    tokens: () => ({}),
    clock: terminal.clock,
  });
  const listener = await listen(app, { host: '127.0.0.1', port }, 'port').catch((error: unknown) => {
    throw new UsageError(
      `Port ${port} cannot be used (${reasonOf(error)}): choose another with --port, or leave --port out.`,
    );
  });
  const stop = listenForStop({
    signals: ['SIGINT', 'SIGTERM'],
    clock: terminal.clock,
    force: (code) => process.exit(code),
  });
  const url = `${listener.url}/#/job/${file.story.jobId}`;
  terminal.out(json ? JSON.stringify({ url }) : url);
  if (!json) terminal.err('The recording is there until Ctrl-C.');
  await stop.first;
  stop.release();
  await listener.close();
  return ExitCode.ok;
}

function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return /another process listens there|EACCES/.exec(message)?.[0] ?? message;
}

async function read(path: string): Promise<EvidenceFile> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = evidenceSchema.safeParse(content);
  if (!parsed.success)
    throw new UsageError(`${path} is not an evidence file of this version of jeballto-runner.`);
  return parsed.data as unknown as EvidenceFile;
}
