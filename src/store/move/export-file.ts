import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { TABLES, type TableName } from '../engine.ts';
import { StoreError } from '../store-error.ts';
import { type MovedRow, RowDigest } from './row-digest.ts';

/**
 * A store as a file: a line that says what it is, a line for each row (table, key and text), and a line with the
 * number of rows and their checksum, so that a file that was cut is not taken for a whole one.
 */
const HEADER = { format: 'jeballto-runner-store', version: 1 };

interface Header {
  format: string;
  version: number;
  from: string;
}

/**
 * Writes a file that only its owner can read, in place of one that exists, and syncs it. Returns what it has written.
 * Rejects with the error of the system.
 */
export async function writeExportFile(
  file: string,
  from: string,
  rows: AsyncIterable<MovedRow>,
): Promise<RowDigest> {
  const digest = new RowDigest();
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.write(`${JSON.stringify({ ...HEADER, from })}\n`);
    for await (const row of rows) {
      digest.add(row);
      await handle.write(`${JSON.stringify([row.table, row.key, row.value])}\n`);
    }
    await handle.write(`${JSON.stringify({ rows: digest.rows, checksum: digest.checksum })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return digest;
}

/** The rows of a file. Throws a StoreError at the end when it is not whole, and at its start when it is another file. */
export async function* readExportFile(file: string): AsyncGenerator<MovedRow> {
  const digest = new RowDigest();
  let header: Header | null = null;
  let isWhole = false;
  for await (const line of linesOf(file)) {
    const value = parse(line);
    if (header === null) {
      header = value as Header;
      if (header?.format !== HEADER.format || header.version !== HEADER.version) {
        throw new StoreError(
          `${file} is not a file of "jeballto-runner store export" that this version can read.`,
        );
      }
      continue;
    }
    if (Array.isArray(value) && !isWhole) {
      const row = rowOf(value);
      if (row === null) break;
      digest.add(row);
      yield row;
      continue;
    }
    const { rows, checksum } = (value ?? {}) as { rows?: unknown; checksum?: unknown };
    isWhole = !isWhole && rows === digest.rows && checksum === digest.checksum;
    if (!isWhole) break;
  }
  if (!isWhole) {
    throw new StoreError(
      `${file} is not whole, or was changed: its rows do not agree with its last line. Copy it again.`,
    );
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new StoreError(`${file} cannot be read (${code ?? message}).`, { cause });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function rowOf([table, key, value]: unknown[]): MovedRow | null {
  const isRow = TABLES.includes(table as TableName) && typeof key === 'string' && typeof value === 'string';
  return isRow ? { table: table as TableName, key, value } : null;
}
