import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../../command.ts';
import { configOption, example, jsonOption } from '../options.ts';

/** `images`, and the orders about the images of a label. */
export function addImages(program: Command): void {
  const images = program
    .command('images')
    .description(
      'show which image of each label serves on which host, its runner and until when GitHub accepts it, and how a trial of the next image goes',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('images', 'images --json | jq .images', 'images back jeballto-macos'))
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../../commands/images/images-command.ts')).imagesCommand(options, terminal),
      ),
    );
  const order = (what: 'try' | 'spread' | 'back', description: string) =>
    images
      .command(what)
      .description(description)
      .argument('<label>', 'the label in the configuration')
      .addOption(configOption())
      .addOption(jsonOption())
      .addHelpText('after', example(`images ${what} jeballto-macos`))
      .action((label, _options, command: Command) =>
        runCommand(terminal, async () =>
          (await import('../../commands/images/image-order-command.ts')).imageOrderCommand(
            { ...command.optsWithGlobals(), what, label },
            terminal,
          ),
        ),
      );
  order('try', 'try the refused image of a label again, on one host');
  order('spread', 'use the tried or refused image of a label on every host now');
  order('back', 'refuse the tried image of a label; without a trial, use the previous image again');
}
