import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homebrewFormula } from '../../release/homebrew-formula.ts';
import { canRun } from '../support/can-run.ts';

const about = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
const formula = homebrewFormula({
  description: about.description,
  homepage: about.homepage,
  url: 'https://example.com/jeballto-runner-0.1.0.tgz',
  sha256: 'a'.repeat(64),
  license: about.license,
});

function whyNoRuby(): string | null {
  return spawnSync('ruby', ['--version']).status === 0
    ? null
    : 'ruby, which reads formulas, is not here: install it';
}

/** A replacement for the parts of Homebrew that the formula uses, which records what the formula sets. */
const HOMEBREW = `
require 'json'
class Formula
  FACTS = {}
  %w[desc homepage url sha256 license depends_on].each { |name| define_singleton_method(name) { |value| FACTS[name] = value } }
  def self.service(&block) = FACTS['service'] = Service.new.tap { |one| one.instance_eval(&block) }.said
  def self.test(&block) = FACTS['test'] = !block.nil?
end
class Place
  def initialize(path) = @path = path
  def /(other) = Place.new("#{@path}/#{other}")
  def to_json(*args) = @path.to_json(*args)
end
class Service
  attr_reader :said
  def initialize = @said = {}
  %w[opt_bin etc var].each { |name| define_method(name) { Place.new(name) } }
  %w[run keep_alive working_dir log_path error_log_path].each { |name| define_method(name) { |value| @said[name] = value } }
end
`;

test.runIf(canRun(whyNoRuby()))('the formula is valid Ruby with everything that Homebrew needs', () => {
  const said = execFileSync('ruby', ['-e', `${HOMEBREW}\n${formula}\nputs JSON.generate(Formula::FACTS)`]);
  expect(JSON.parse(said.toString())).toEqual({
    desc: expect.stringMatching(/^(?!A |An |The ).{1,80}(?<!\.)$/),
    homepage: about.homepage,
    url: 'https://example.com/jeballto-runner-0.1.0.tgz',
    sha256: 'a'.repeat(64),
    license: 'MIT',
    depends_on: 'node',
    service: expect.objectContaining({
      run: ['opt_bin/jeballto-runner', 'start', '--config', 'etc/jeballto-runner/config.json'],
      keep_alive: { successful_exit: false },
    }),
    test: true,
  });
});
