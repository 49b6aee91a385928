import type { GitHubBase } from './github-base.ts';
import { notFound } from './refusal.ts';

/** A user or an organization. */
export interface Account {
  readonly id: number;
  readonly login: string;
  readonly type: 'User' | 'Organization';
  /** Runner groups of an organization; a user has none. */
  readonly groups: RunnerGroup[];
}

export interface Repository {
  readonly id: number;
  readonly owner: Account;
  /** Changes with a rename, as `fullName` does. */
  name: string;
  /** `owner/name`. */
  fullName: string;
  readonly isPrivate: boolean;
  readonly createdAt: number;
  /** It accepts no runners any more; everything can still be read. */
  isArchived: boolean;
  /** False when its organization forbids runners of single repositories. */
  allowsRunners: boolean;
  /** Runs so far; each has its number. */
  runs: number;
}

/** Which repositories of an organization may use some of its runners. */
export interface RunnerGroup {
  readonly id: number;
  readonly name: string;
  readonly isDefault: boolean;
  readonly visibility: 'all' | 'selected';
  /** Names without owner, in lower case, where the visibility is `selected`. */
  readonly repositories: readonly string[];
  readonly allowsPublic: boolean;
}

/** The accounts and their repositories. */
export interface Accounts extends GitHubBase {
  /** By login and by `owner/name`, both in lower case. */
  readonly accounts: Map<string, Account>;
  readonly repositories: Map<string, Repository>;
  /**
   * By a former `owner/name`, in lower case. Requests for it are redirected until another repository takes
   * the name.
   */
  readonly formerNames: Map<string, Repository>;
}

/** The default group of every organization, and the only group of a repository. */
export const DEFAULT_GROUP = 1;

/** The group of GitHub's own hosted runners: nothing can be registered in it. */
export const HOSTED_GROUP = 2;

/** Returns the account of this login; created when there is none, as an organization by default. */
export function ensureAccount(
  world: Accounts,
  login: string,
  type: Account['type'] = 'Organization',
): Account {
  const known = world.accounts.get(login.toLowerCase());
  if (known) return known;
  const account: Account = { id: world.ids.next('account'), login, type, groups: [] };
  if (type === 'Organization') {
    account.groups.push({
      id: DEFAULT_GROUP,
      name: 'Default',
      isDefault: true,
      visibility: 'all',
      repositories: [],
      allowsPublic: false,
    });
  }
  world.accounts.set(login.toLowerCase(), account);
  return account;
}

/** Returns the repository `owner/name`; created when there is none, as a private one by default. */
export function ensureRepository(
  world: Accounts,
  fullName: string,
  { isPrivate = true, ownerType = 'Organization' as Account['type'] } = {},
): Repository {
  const known = world.repositories.get(fullName.toLowerCase());
  if (known) return known;
  const [login = '', name = ''] = fullName.split('/');
  if (login === '' || name === '') throw new Error(`"${fullName}" is not owner/name`);
  const repository: Repository = {
    id: world.ids.next('repository'),
    owner: ensureAccount(world, login, ownerType),
    name,
    fullName,
    isPrivate,
    createdAt: world.clock.now(),
    isArchived: false,
    allowsRunners: true,
    runs: 0,
  };
  world.repositories.set(fullName.toLowerCase(), repository);
  world.formerNames.delete(fullName.toLowerCase());
  return repository;
}

/** Gives a repository another name within its account. Its id, runs and runners stay. */
export function renameRepository(world: Accounts, repository: Repository, name: string): void {
  const former = repository.fullName.toLowerCase();
  world.repositories.delete(former);
  repository.name = name;
  repository.fullName = `${repository.owner.login}/${name}`;
  world.repositories.set(repository.fullName.toLowerCase(), repository);
  world.formerNames.set(former, repository);
  world.formerNames.delete(repository.fullName.toLowerCase());
}

/** Adds a runner group to an organization. */
export function addRunnerGroup(
  world: Accounts,
  login: string,
  name: string,
  { repositories, allowsPublic = false }: { repositories?: readonly string[]; allowsPublic?: boolean } = {},
): RunnerGroup {
  const group: RunnerGroup = {
    id: world.ids.next('group'),
    name,
    isDefault: false,
    visibility: repositories ? 'selected' : 'all',
    repositories: (repositories ?? []).map((one) => one.toLowerCase()),
    allowsPublic,
  };
  ensureAccount(world, login).groups.push(group);
  return group;
}

export function groupAllows(group: RunnerGroup, repository: Repository): boolean {
  if (!repository.isPrivate && !group.allowsPublic) return false;
  return group.visibility === 'all' || group.repositories.includes(repository.name.toLowerCase());
}

/** Returns the repository. Throws 404. */
export function repositoryOf(world: Accounts, owner: string, name: string): Repository {
  const found = world.repositories.get(`${owner}/${name}`.toLowerCase());
  if (!found) throw notFound();
  return found;
}

/** Returns the organization. Throws 404. */
export function organizationOf(world: Accounts, login: string): Account {
  const found = world.accounts.get(login.toLowerCase());
  if (found?.type !== 'Organization') throw notFound();
  return found;
}
