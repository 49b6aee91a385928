import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homebrewFormula } from './homebrew-formula.ts';

/**
 * `npm run release -- [folder]`: builds and packs the package, and writes the files of a release into a
 * folder: the package, its digest and a Homebrew formula that downloads it from the release of this version.
 * Publishes nothing.
 */
const folder = process.argv[2] ?? 'release-files';
const root = join(import.meta.dirname, '..');
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
  description: string;
  homepage: string;
  license: string;
  repository: { url: string };
};

const changes = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
if (!changes.includes(about.version)) {
  console.error(`CHANGELOG.md has no entry for ${about.version}: add it before you make the release.`);
  process.exit(1);
}

mkdirSync(folder, { recursive: true });
execFileSync('npm', ['run', '--silent', 'package', '--', '--pack-destination', folder], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
const file = `${about.name}-${about.version}.tgz`;
const sha256 = createHash('sha256')
  .update(readFileSync(join(folder, file)))
  .digest('hex');
writeFileSync(join(folder, `${file}.sha256`), `${sha256}  ${file}\n`);

const repository = about.repository.url.replace(/^git\+|\.git$/g, '');
const formula = homebrewFormula({
  description: about.description,
  homepage: about.homepage.replace(/#.*/, ''),
  url: `${repository}/releases/download/v${about.version}/${file}`,
  sha256,
  license: about.license,
});
writeFileSync(join(folder, `${about.name}.rb`), formula);
console.log(`${folder}: ${file}, its digest and ${about.name}.rb. Nothing was published.`);
