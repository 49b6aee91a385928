import { ExitCode, type Terminal } from '../command.ts';
import { packageInfo } from '../package-info.ts';

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
