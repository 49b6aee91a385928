import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const CHILD = join(import.meta.dirname, 'store-child.ts');

export interface Fact {
  worker?: string;
  n?: number;
  open?: true;
  done?: true;
  refusing?: { ok: boolean; lastError: string | null };
  error?: string;
}

/**
 * Runs a daemon's store in its own process. Returns everything that it reported, after it ended by itself, or
 * after SIGKILL as soon as `isEnough`.
 */
export async function spawnStore(
  mode: 'open' | 'open-full' | 'hold' | 'load' | 'fill-disk',
  path: string,
  isEnough: (fact: Fact, count: number) => boolean = () => false,
): Promise<Fact[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, mode, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 15_000,
    killSignal: 'SIGKILL',
  });
  const closed = once(child, 'close');
  const facts: Fact[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    facts.push(JSON.parse(line));
    if (isEnough(facts.at(-1) ?? {}, facts.length)) child.kill('SIGKILL');
  }
  await closed;
  return facts;
}
