export interface FormulaFacts {
  description: string;
  homepage: string;
  /** Where the packed package can be downloaded. */
  url: string;
  /** Digest of the packed package. */
  sha256: string;
  license: string;
}

/**
 * A Homebrew formula for an npm package. It ignores the scripts of dependencies, so that nothing is compiled.
 */
export function homebrewFormula({ description, homepage, url, sha256, license }: FormulaFacts): string {
  return `class JeballtoRunner < Formula
  desc ${JSON.stringify(shortened(description))}
  homepage ${JSON.stringify(homepage)}
  url ${JSON.stringify(url)}
  sha256 ${JSON.stringify(sha256)}
  license ${JSON.stringify(license)}

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args(ignore_scripts: true)
    bin.install_symlink libexec.glob("bin/*")
    man1.install_symlink libexec.glob("share/man/man1/*")
    generate_completions_from_executable(bin/"jeballto-runner", "completion")
  end

  service do
    run [opt_bin/"jeballto-runner", "start", "--config", etc/"jeballto-runner/config.json"]
    keep_alive successful_exit: false
    working_dir var/"jeballto-runner"
    log_path var/"log/jeballto-runner.log"
    error_log_path var/"log/jeballto-runner.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/jeballto-runner version")
  end
end
`;
}

/** Homebrew allows at most 80 characters, no article at the start and no full stop at the end. */
function shortened(description: string): string {
  const text = description.replace(/^(?:an?|the) /i, '').replace(/\.$/, '');
  const [first = text] = text.split(/, and |; /);
  return first.length <= 80 ? first : `${first.slice(0, 79).replace(/\s+\S*$/, '')}`;
}
