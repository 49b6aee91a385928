import type { Command } from 'commander';
import { runCommand, processTerminal as terminal } from '../command.ts';
import { configOption, example, jsonOption } from './options.ts';

/** `store`: what an operator does with the database while no daemon uses it. */
export function addStore(program: Command): void {
  const store = program
    .command('store')
    .description('prepare a PostgreSQL database for the records, or move them to another store')
    .addHelpText('after', example('store migrate', 'store import data'));

  store
    .command('migrate')
    .description('create or change the tables in the database of store.url, as the owner of the database')
    .option(
      '--url-file <file>',
      'file with the address of the database for its owner, - for standard input (default: store.url)',
    )
    .option(
      '--role <role>',
      "role of the daemon, which gets the rights that it needs (default: store.url's user)",
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('store migrate --url-file owner.url', 'store migrate --role jeballto_runner'),
    )
    .action((options) =>
      runCommand(terminal, async () =>
        (await import('../store/migrate-command.ts')).migrateCommand(options, terminal),
      ),
    );

  store
    .command('export')
    .description('move everything from the store of the config into a file, for another machine')
    .argument('<file>', 'file to write')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('store export records.jsonl'))
    .action((file, options) =>
      runCommand(terminal, async () =>
        (await import('../store/export-command.ts')).exportCommand(file, options, terminal),
      ),
    );

  store
    .command('import')
    .description(
      'move everything from another store into the store of the config, which must have no records',
    )
    .argument('[source]', 'folder of a store (an earlier store.path), or a file of store export')
    .option(
      '--url-file <file>',
      'instead of a source: file with the address of a database, - for standard input',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', example('store import data', 'store import --url-file database.url'))
    .action((source, options) =>
      runCommand(terminal, async () =>
        (await import('../store/import-command.ts')).importCommand(source, options, terminal),
      ),
    );
}
