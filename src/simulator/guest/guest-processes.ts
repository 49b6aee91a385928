import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { GuestHome } from './guest-home.ts';

type Traces = Pick<GuestHome, 'path' | 'mark'>;

interface ProcessEntry {
  pid: number;
  parent: number;
  /** Has the guest's mark in its environment, or works inside its home. */
  marked: boolean;
}

/**
 * Kills everything that runs in a guest, detached or not: processes with the guest's mark or inside its home,
 * and all their descendants. Resolves when a scan finds none; a process that another user owns is not
 * touched.
 */
export async function killGuestProcesses(home: Traces): Promise<void> {
  // Each scan may find processes that were forked during the one before; no guest has a longer chain of forks
  // than this.
  for (let scan = 0; scan < 50; scan += 1) {
    const pids = guestProcesses(await processTable(home));
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function guestProcesses(table: ProcessEntry[]): number[] {
  const found = new Set(table.filter((entry) => entry.marked).map((entry) => entry.pid));
  for (let grown = found.size > 0; grown; ) {
    const children = table.filter((entry) => found.has(entry.parent) && !found.has(entry.pid));
    for (const child of children) found.add(child.pid);
    grown = children.length > 0;
  }
  // Never this process, whatever started it.
  return [...found].filter((pid) => pid !== process.pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process ended by itself before.
  }
}

function processTable(traces: Traces): Promise<ProcessEntry[]> {
  return process.platform === 'linux' ? tableFromProc(traces) : tableFromPs(traces.mark);
}

async function tableFromProc(traces: Traces): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(pids.map((pid) => entryFromProc(pid, traces)));
  return entries.filter((entry) => entry !== null);
}

async function entryFromProc(pid: string, { mark, path }: Traces): Promise<ProcessEntry | null> {
  try {
    const [stat, environ, directory] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ]);
    // After the command's closing parenthesis: state, parent.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return null;
    const marked =
      environ.split('\0').includes(mark) || directory === path || directory.startsWith(`${path}/`);
    return { pid: Number(pid), parent: Number(parent), marked };
  } catch {
    return null;
  }
}

async function tableFromPs(mark: string): Promise<ProcessEntry[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axEww', '-o', 'pid=,ppid=,command='], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line);
    if (!match) return [];
    return [
      {
        pid: Number(match[1]),
        parent: Number(match[2]),
        marked: match[3]?.split(' ').includes(mark) ?? false,
      },
    ];
  });
}
