/** Returns a version-4 UUID in capitals, as the agent writes its identifiers, from a seeded source. */
export function newUuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16));
  hex[12] = 4;
  hex[16] = 8 + ((hex[16] ?? 0) & 3);
  const text = hex.map((digit) => digit.toString(16)).join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)]
    .join('-')
    .toUpperCase();
}

/** Returns a locally administered unicast MAC address. */
export function newMacAddress(random: () => number): string {
  const octets = Array.from({ length: 5 }, () => Math.floor(random() * 256));
  return ['02', ...octets.map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
}

/** ISO 8601 in UTC with whole seconds: the agent's timestamps carry no fraction. */
export function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
