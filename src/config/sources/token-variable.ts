/** The environment variable that holds the agent token of the host: `mac-1` has `JEBALLTO_TOKEN_MAC_1`. */
export function tokenVariable(hostName: string): string {
  return `JEBALLTO_TOKEN_${hostName.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
