import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Damage } from './log-files.ts';

/**
 * LevelDB's tables (`.ldb`): blocks, each followed by a byte for its compression and by a checksum of both;
 * then an index block with the place of each block, and a footer of 48 bytes with the place of the index.
 * LevelDB does not compare checksums when it reads, so a changed byte may stay unnoticed, or be noticed long
 * after.
 */
const FOOTER = 48;
const TRAILER = 5;
const MAGIC = Buffer.from([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
const PLAIN = 0;
const SNAPPY = 1;

interface Handle {
  offset: number;
  size: number;
}

/**
 * Compares each checksum of each table of a store; returns the tables with one that does not agree. Reads all
 * tables, or none when the store has more than `most` bytes.
 */
export function damagedTables(folder: string, most = Number.POSITIVE_INFINITY): Damage[] {
  const tables = readdirSync(folder).filter((name) => /^\d+\.(?:ldb|sst)$/.test(name));
  const size = tables.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  if (size > most) return [];
  return tables.sort().flatMap((file) => {
    const bytes = damagedBytes(readFileSync(join(folder, file)));
    return bytes === 0 ? [] : [{ file, bytes, why: 'checksum mismatch' }];
  });
}

/** How many bytes are in blocks whose checksum does not agree; all bytes when the blocks cannot be found. */
function damagedBytes(table: Buffer): number {
  if (table.length < FOOTER || !table.subarray(-8).equals(MAGIC)) return table.length;
  const footer = new Reader(table.subarray(-FOOTER));
  // Other content than the data, such as the filter of the keys, has its own index.
  const indexes = [footer.handle(), footer.handle()];
  if (!indexes.every((index) => isWhole(table, index))) return table.length;
  const handles = indexes.flatMap((index) => handlesIn(contentsOf(table, index)));
  return handles.reduce((sum, handle) => (isWhole(table, handle) ? sum : sum + handle.size), 0);
}

function isWhole(table: Buffer, { offset, size }: Handle): boolean {
  const end = offset + size + TRAILER;
  if (end > table.length) return false;
  return unmasked(table.readUInt32LE(end - 4)) === crc32c(table.subarray(offset, end - 4));
}

function contentsOf(table: Buffer, { offset, size }: Handle): Buffer {
  const block = table.subarray(offset, offset + size);
  const kind = table[offset + size];
  if (kind === SNAPPY) return decompressed(block);
  if (kind === PLAIN) return block;
  throw new Error(`no known compression: ${kind}`);
}

/**
 * An index block: each key without the part that it shares with the key before it, and for each the place of
 * a block.
 */
function handlesIn(block: Buffer): Handle[] {
  const restarts = block.readUInt32LE(block.length - 4);
  const reader = new Reader(block.subarray(0, block.length - 4 * (restarts + 1)));
  const handles: Handle[] = [];
  while (!reader.isAtEnd) {
    reader.number();
    const [keyLength, valueLength] = [reader.number(), reader.number()];
    reader.skip(keyLength);
    handles.push(new Reader(reader.take(valueLength)).handle());
  }
  return handles;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Seven bits in each byte, the lowest first. */
  number(): number {
    for (let value = 0, weight = 1; ; weight *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
    }
  }

  handle(): Handle {
    return { offset: this.number(), size: this.number() };
  }

  skip(length: number): void {
    this.#at += length;
  }

  take(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Snappy's form: the length, then runs of new bytes and copies of earlier ones. */
function decompressed(block: Buffer): Buffer {
  const reader = new Reader(block);
  const output = Buffer.alloc(reader.number());
  let filled = 0;
  while (!reader.isAtEnd) {
    const [tag = 0] = reader.take(1);
    const kind = tag & 3;
    if (kind === 0) {
      const code = tag >> 2;
      const length = code < 60 ? code + 1 : reader.take(code - 59).readUIntLE(0, code - 59) + 1;
      filled += reader.take(length).copy(output, filled);
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const back =
      kind === 1
        ? (tag >> 5) * 256 + reader.take(1).readUInt8()
        : reader.take(kind === 2 ? 2 : 4).readUIntLE(0, kind === 2 ? 2 : 4);
    // Byte by byte, since a copy may read what it has just written.
    for (const end = filled + length; filled < end; filled += 1) output[filled] = output[filled - back] ?? 0;
  }
  return output;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  // By index, since a loop over the values takes nearly twice as long.
  for (let at = 0; at < bytes.length; at += 1)
    crc = (CRC_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * LevelDB rotates a checksum and adds a constant before it stores it, since a checksum of data that contain
 * checksums proves little.
 */
function unmasked(stored: number): number {
  const turned = (stored - 0xa282ead8) >>> 0;
  return ((turned >>> 17) | (turned << 15)) >>> 0;
}
