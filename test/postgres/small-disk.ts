import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

function mount(folder: string, megabytes: number): string | null {
  const args = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', folder];
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  return status === 0 ? null : stderr || String(error);
}

/** Why no test can have a small disk here; null when one can. */
export function whyNoSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-disk-'));
  const why = mount(folder, 1);
  if (why === null) spawnSync('umount', [folder]);
  rmdirSync(folder);
  return why === null ? null : 'a disk that can be filled needs a mount, which is refused here';
}

/** A file system of its own, in memory, which a test can fill: then each write that needs room fails with ENOSPC. */
export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'jeballto-disk-'));

  constructor(megabytes: number) {
    const why = mount(this.folder, megabytes);
    if (why !== null) throw new Error(`no disk could be mounted: ${why}`);
  }

  get #ballast(): string {
    return join(this.folder, 'ballast');
  }

  /** Moves a folder to this disk, and leaves a link in its place. */
  take(folder: string): void {
    const here = join(this.folder, basename(folder));
    execFileSync('mv', [folder, here]);
    symlinkSync(here, folder);
  }

  fill(): void {
    const file = openSync(this.#ballast, 'a');
    const piece = Buffer.alloc(4_096);
    try {
      for (;;) writeSync(file, piece);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  makeRoom(): void {
    rmSync(this.#ballast, { force: true });
  }

  remove(): void {
    spawnSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
