import { z } from 'zod';
import type { GitHubBase } from '../github-base.ts';
import type { Assignments } from '../jobs/assignment.ts';
import { notFound, Refusal } from '../refusal.ts';
import { DEFAULT_GROUP, HOSTED_GROUP } from '../repositories.ts';
import { foldLabel } from './fold-label.ts';
import { removeRunner, scheduleCleanup } from './removal.ts';
import { addRunner, type Runner, type RunnerLabel, runnerNamed, type Scope, seemsBusy } from './runners.ts';

const MAX_NAME_LENGTH = 64;

const jitRequest = z.object({
  name: z.string(),
  runner_group_id: z.int(),
  labels: z.array(z.string()),
  work_folder: z.string().optional(),
});

export interface TokenRegistration {
  name: string;
  labels: readonly string[];
  /** Name of a runner group; null for the default one. */
  group: string | null;
  ephemeral: boolean;
  /** Takes over the name of an existing runner. */
  replace: boolean;
  hasDefaultLabels: boolean;
  workFolder: string;
}

/**
 * Registers a JIT runner from the body of a `generate-jitconfig` request. It gets the labels of the request
 * and no others, in lower case, and in an order of GitHub's own. Throws as measured at GitHub: 422 for a
 * wrong body, 403 for the group of hosted runners and for a repository that accepts no runners, 404 for an
 * unknown group, 409 for a name that is taken.
 */
export function registerJit(world: Assignments, scope: Scope, body: unknown): Runner {
  if (!world.options.hasJit) throw notFound();
  throwIfClosed(scope);
  const request = checkedRequest(body);
  checkGroup(scope, request.runner_group_id);
  if (runnerNamed(world, scope, request.name)) {
    throw new Refusal(409, `Already exists - A runner with the name ${request.name} already exists.`);
  }
  const labels = [...new Set(request.labels.map(foldLabel))].toReversed();
  const runner = addRunner(world, {
    scope,
    name: request.name,
    groupId: request.runner_group_id,
    labels: labels.map((name) => newLabel(world, name, 'read-only')),
    ephemeral: true,
    isJit: true,
    workFolder: request.work_folder ?? '_work',
  });
  scheduleCleanup(world, runner);
  return runner;
}

/** Registers a runner at the request of `config.sh`; the default labels that it adds are GitHub's own. */
export function registerByToken(world: Assignments, scope: Scope, asked: TokenRegistration): Runner {
  throwIfClosed(scope);
  const group = groupNamed(scope, asked.group);
  const existing = runnerNamed(world, scope, asked.name);
  if (existing && !asked.replace) {
    throw new Refusal(409, `A runner exists with the same name ${asked.name}.`, {
      kind: 'TaskAgentExistsException',
    });
  }
  if (existing) removeRunner(world, existing);
  const standard = asked.hasDefaultLabels ? ['self-hosted', 'macOS', 'ARM64'] : [];
  const runner = addRunner(world, {
    scope,
    name: asked.name,
    groupId: group,
    labels: [
      ...standard.map((name) => newLabel(world, name, 'read-only')),
      ...asked.labels.map((name) => newLabel(world, name, 'custom')),
    ],
    ephemeral: asked.ephemeral,
    isJit: false,
    workFolder: asked.workFolder,
  });
  scheduleCleanup(world, runner);
  return runner;
}

/**
 * Throws 403 where no runner can be registered, whatever the rights of the sender: existing runners can still
 * be read and removed.
 */
export function throwIfClosed(scope: Scope): void {
  if (scope.kind === 'organization') return;
  if (scope.repository.isArchived) throw new Refusal(403, 'Repository was archived so is read-only.');
  if (scope.repository.allowsRunners) return;
  throw new Refusal(403, 'Repository level self-hosted runners are disabled on this repository.');
}

/** Removes a runner for a controller. Throws 422 while it has a job. */
export function deleteRunner(world: Assignments, runner: Runner): void {
  const isBusy = world.options.deletionTrustsBusy ? seemsBusy(world, runner) : runner.job !== null;
  if (isBusy) throw new Refusal(422, `Bad request - Runner "${runner.name}" is still running a job`);
  removeRunner(world, runner);
}

function checkedRequest(body: unknown): z.infer<typeof jitRequest> {
  const parsed = jitRequest.safeParse(body);
  if (!parsed.success) throw invalid(problemOf(parsed.error.issues[0], body));
  const { labels, name } = parsed.data;
  if (labels.length === 0) throw invalid('Invalid property /labels: 1 item required; only 0 were supplied.');
  if (labels.length > 100) {
    throw invalid(
      `Invalid property /labels: no more than 100 items are allowed; ${labels.length} were supplied.`,
    );
  }
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw invalid(`Invalid property /name: between 1 and ${MAX_NAME_LENGTH} characters are allowed.`);
  }
  return parsed.data;
}

function problemOf(issue: z.core.$ZodIssue | undefined, body: unknown): string {
  const key = String(issue?.path[0] ?? '');
  const isMissing = typeof body === 'object' && body !== null && !(key in body);
  if (isMissing) return `Invalid input: object is missing required key: ${key}.`;
  return `Invalid property /${issue?.path.join('/')}: ${issue?.message}.`;
}

function invalid(problem: string): Refusal {
  return new Refusal(422, `Invalid request.\n\n${problem}`);
}

function checkGroup(scope: Scope, id: number): void {
  const known = scope.kind === 'repository' ? [DEFAULT_GROUP] : scope.account.groups.map((group) => group.id);
  if (known.includes(id)) return;
  if (id === HOSTED_GROUP) throw new Refusal(403, 'Runners cannot be registered in this runner group.');
  throw notFound();
}

function groupNamed(scope: Scope, name: string | null): number {
  if (scope.kind === 'repository' && (name ?? 'Default').toLowerCase() === 'default') return DEFAULT_GROUP;
  const groups = scope.kind === 'repository' ? [] : scope.account.groups;
  const found = groups.find((group) =>
    name === null ? group.isDefault : group.name.toLowerCase() === name.toLowerCase(),
  );
  if (found) return found.id;
  const message = `Could not find any self-hosted runner group named "${name}".`;
  throw new Refusal(404, message, { kind: 'TaskAgentPoolNotFoundException' });
}

function newLabel(world: GitHubBase, name: string, type: RunnerLabel['type']): RunnerLabel {
  return { id: world.ids.next('label'), name, type };
}
