import type { Answers } from '../../../http/admin/api/api-routes.ts';
import { type AdminAddress, adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { imagesTable, type SeenImage } from './images-table.ts';

/** Prints which images the running daemon uses. Throws a NoDaemonError when no daemon answers. */
export async function imagesCommand(
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const images = await askForImages(adminAddress(readConfig(config, terminal).config));
  if (json) terminal.out(JSON.stringify({ images }));
  else for (const line of imagesTable(images)) terminal.out(line);
  return ExitCode.ok;
}

export async function askForImages(daemon: AdminAddress): Promise<SeenImage[]> {
  return ((await askDaemon(daemon, 'GET', '/api/images')) as Answers['/api/images']).images;
}
