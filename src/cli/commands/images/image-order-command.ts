import { adminAddress, askDaemon } from '../../admin-client.ts';
import { ExitCode, type Terminal } from '../../command.ts';
import { readConfig } from '../../read-config.ts';
import { askForImages } from './images-command.ts';
import { imagesTable } from './images-table.ts';

export interface ImageOrder {
  what: 'try' | 'spread' | 'back';
  label: string;
  config?: string;
  json?: boolean;
}

/**
 * Gives an order about the images of a label, and prints what is true of them after it. Throws a NoDaemonError when no
 * daemon answers, or when it refuses.
 */
export async function imageOrderCommand(
  { what, label, config, json }: ImageOrder,
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const answer = await askDaemon(daemon, 'POST', `/api/images/${encodeURIComponent(label)}/${what}`, {
    operator: terminal.env.USER,
  });
  if (json) terminal.out(JSON.stringify(answer));
  else {
    const after = (await askForImages(daemon)).filter(({ profile }) => profile === label);
    for (const line of imagesTable(after)) terminal.out(line);
  }
  return ExitCode.ok;
}
