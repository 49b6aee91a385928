import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const about = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<
    string,
    {
      version: string;
      license?: string;
      engines?: { node?: string };
      dev?: boolean;
      hasInstallScript?: boolean;
    }
  >;
};
const shipped = Object.entries(packages)
  .filter(([path, { dev }]) => path !== '' && !dev)
  .map(([path, facts]) => ({ name: path.replace(/.*node_modules\//, ''), ...facts }));

/** The packed files without the build, which `npm pack` lists only when it was made. */
function packedFiles(): string[] {
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  const [{ files }] = JSON.parse(said.toString()) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

test('every link of the packed pages leads to a packed file', () => {
  const packed = packedFiles();
  const pages = packed.filter((path) => path.endsWith('.md'));
  expect(pages.length).toBeGreaterThan(10);
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)]
      .map(([, target = '']) => relative(ROOT, join(ROOT, dirname(page), target)))
      .filter((file) => !packed.includes(file) && !packed.some((one) => one.startsWith(`${file}/`)))
      .map((file) => `${page}: ${file}`),
  );
  expect(broken).toEqual([]);
});

test('the package has everything that a registry shows, and the changelog has its version', () => {
  for (const key of ['description', 'license', 'homepage', 'repository', 'bugs', 'keywords']) {
    expect(about, key).toHaveProperty(key);
  }
  for (const file of ['LICENSE', 'NOTICE', 'CHANGELOG.md', 'SECURITY.md', 'README.md']) {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
  }
  expect(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')).toContain(about.version);
});

/**
 * Dependencies that require a newer Node than the package does, each with the reason why that is not a problem:
 * npm only warns of them on Node 20, and the whole test suite passes there with them.
 */
const NEWER_NODE: Record<string, string> = {
  'content-type': 'comes with @octokit/request 10, which itself accepts Node 20',
};

test('every dependency accepts the oldest Node that the package accepts', () => {
  const numbersOf = (text: string) =>
    (/(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text)?.slice(1) ?? []).map((n) => Number(n ?? 0));
  const value = ([major = 0, minor = 0, patch = 0]: number[]) => (major * 1000 + minor) * 1000 + patch;
  const least = numbersOf(about.engines.node);
  const accepts = (range: string) =>
    range.split('||').some((part) => {
      const wanted = numbersOf(part);
      return /\^/.test(part) && wanted[0] !== least[0] ? false : value(least) >= value(wanted);
    });
  const newer = shipped.filter(
    ({ engines }) => engines?.node && !/\*/.test(engines.node) && !accepts(engines.node),
  );
  expect(newer.map(({ name }) => name)).toEqual(Object.keys(NEWER_NODE));
});

test('every dependency with an unusual license is in the NOTICE', () => {
  const usual = /^(?:MIT|ISC|BSD-[23]-Clause|Apache-2\.0|Unlicense|0BSD)$/;
  const notice = readFileSync(join(ROOT, 'NOTICE'), 'utf8');
  for (const { name, license } of shipped) {
    if (license === undefined || usual.test(license)) continue;
    expect(notice, name).toContain(name);
  }
});

test('only dependencies that also work without it have an installation script', () => {
  // classic-level has a binary for each system; ssh2 and cpu-features work without theirs.
  expect(shipped.filter((one) => one.hasInstallScript).map(({ name }) => name)).toEqual([
    'classic-level',
    'cpu-features',
    'ssh2',
  ]);
});
