/** `owner/repository` of a name that may stand without its owner. */
export function fullName(owner: string, name: string): string {
  return name.includes('/') ? name : `${owner}/${name}`;
}
