import { ExitCode } from '../exit-code.ts';
import { packageInfo } from '../package-info.ts';
import type { Terminal } from '../terminal.ts';

/** Prints what runs here: what a bug report needs. */
export async function versionCommand({ json }: { json?: boolean }, terminal: Terminal): Promise<number> {
  const { name, version } = packageInfo();
  const { platform, arch, versions } = process;
  terminal.out(
    json
      ? JSON.stringify({ name, version, node: versions.node, platform, arch })
      : `${name} ${version} (Node ${versions.node}, ${platform} ${arch})`,
  );
  return ExitCode.ok;
}
