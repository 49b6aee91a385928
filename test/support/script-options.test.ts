import { afterEach, expect, test, vi } from 'vitest';
import { scriptOptions, wholeNumber } from './script-options.ts';

const USAGE = 'npm run some -- [options]\n';
const before = process.argv;

afterEach(() => {
  process.argv = before;
  vi.restoreAllMocks();
});

/** What the script prints, and its exit code. */
function run(args: string[], script: () => unknown): { code: unknown; text: string } {
  process.argv = ['node', 'some', ...args];
  let text = '';
  const write = (chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  try {
    return { code: script(), text };
  } catch (error) {
    return { code: (error as Error).message, text };
  }
}

const options = () => scriptOptions(USAGE, { seeds: { type: 'string', default: '100' } });

test('a script takes its options, and says which one it does not know', () => {
  expect(run(['--seeds', '7'], () => options().seeds)).toEqual({ code: '7', text: '' });
  expect(run([], () => options().seeds)).toEqual({ code: '100', text: '' });
  expect(run(['--help'], options)).toEqual({ code: 'exit 0', text: USAGE });
  const { code, text } = run(['--sed', '7'], options);
  expect(code).toBe('exit 2');
  expect(text).toMatch(/^Unknown option '--sed'.*\n\nnpm run some -- \[options\]\n$/);
});

test('a number of a script is a whole one', () => {
  expect(run([], () => wholeNumber(USAGE, '--seeds', '12')).code).toBe(12);
  for (const wrong of ['', 'x', '-1', '1.5', '1e3']) {
    const { code, text } = run([], () => wholeNumber(USAGE, '--seeds', wrong));
    expect([code, text]).toEqual(['exit 2', `--seeds takes a whole number, and not "${wrong}".\n\n${USAGE}`]);
  }
});
