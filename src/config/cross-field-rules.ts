import type { z } from 'zod';
import { counted } from '../format.js';
import type { KeyProblem } from './config-error.ts';
import type { ConfigFile } from './file-schema.ts';
import { foldLabel } from './fold-label.ts';
import { fullName } from './sections/github-keys.ts';
import { labelProblem } from './sections/runner-keys.ts';
import { tokenVariable } from './sources/environment.ts';
import { isLoopback, isSameListener } from './values/listen-address.ts';

interface Rule {
  /** The keys that the rule reads. The rule is skipped while one of them is invalid by itself. */
  reads: string[];
  find(file: ConfigFile): KeyProblem[];
}

/** GitHub's job ids have 11 digits in 2026; three more digits for the attempt. */
const LONGEST_NAME_SUFFIX = '-123456789012-123'.length;
/** With a database the numbers begin at its epoch. */
const LONGEST_NAME_SUFFIX_OF_AN_EPOCH = '-123456789012-123456789'.length;
/** Characters of a runner's name at GitHub. */
const MAX_RUNNER_NAME_LENGTH = 64;

/** Milliseconds. */
const SHORTEST_LEASE = 2_000;
const LONGEST_LEASE = 300_000;

const RECEIVER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const REPOSITORY_KEYS = ['github.owner', 'github.repository', 'github.repositories'];

const RULES: Rule[] = [
  {
    reads: ['github.token', 'github.app_id', 'github.app_private_key_path', 'github.installation_id'],
    find({ github: { token, app_id, app_private_key_path, installation_id } }) {
      const app = { app_id, app_private_key_path, installation_id };
      const [given, absent] = [true, false].map((isGiven) =>
        Object.entries(app)
          .filter(([, value]) => (value !== undefined) === isGiven)
          .map(([key]) => key),
      ) as [string[], string[]];
      if (token !== undefined) {
        if (given.length === 0) return [];
        const message =
          'cannot be used together with github.token: keep the App or the token, and remove the other.';
        return [{ path: ['github', given[0] ?? ''], message }];
      }
      if (given.length === 0) {
        const message =
          'has no credentials: give token, or app_id, app_private_key_path and installation_id of a GitHub App.';
        return [{ path: ['github'], message }];
      }
      return absent.map((key) => ({
        path: ['github', key],
        message: `is missing: a GitHub App needs it together with ${given.join(' and ')}.`,
      }));
    },
  },
  {
    reads: ['controller.mode', ...REPOSITORY_KEYS],
    find({ controller: { mode }, github }) {
      if (mode === 'webhook' || hasRepository(github)) return [];
      const message = `is missing. With controller.mode ${mode} the daemon asks GitHub for the queued jobs of each repository: name one repository here, or several in github.repositories, or set controller.mode to webhook.`;
      return [{ path: ['github', 'repository'], message }];
    },
  },
  {
    reads: ['runner.scope', 'controller.mode', ...REPOSITORY_KEYS],
    find({ runner: { scope }, controller: { mode }, github }) {
      if (scope !== 'repository' || mode !== 'webhook' || hasRepository(github)) return [];
      const message =
        'is "repository", but no repository is given: name at least one in github.repositories, or set it to organization.';
      return [{ path: ['runner', 'scope'], message }];
    },
  },
  {
    reads: ['runner.scope', 'github.app_id', ...REPOSITORY_KEYS],
    find({ runner: { scope }, github }) {
      const { owner, app_id, repository, repositories } = github;
      if (scope !== 'organization' && app_id === undefined) return [];
      const why =
        app_id === undefined ? 'the runners of an organization serve' : 'the installation of an App reaches';
      const isForeign = (name: string) =>
        fullName(owner, name).split('/')[0]?.toLowerCase() !== owner.toLowerCase();
      const problem = (path: PropertyKey[], name: string) => ({
        path,
        message: `"${name}" does not belong to ${owner}, and ${why} only the repositories of that one account: remove it, or run a second daemon for it.`,
      });
      return [
        ...(repository && isForeign(repository) ? [problem(['github', 'repository'], repository)] : []),
        ...repositories.flatMap((name, at) =>
          isForeign(name) ? [problem(['github', 'repositories', at], name)] : [],
        ),
      ];
    },
  },
  {
    reads: [],
    find({ hosts, jeballto }) {
      if (hosts === undefined || jeballto === undefined) return [];
      const message =
        'cannot be used together with hosts: move its keys to an entry of hosts with a name, or remove hosts.';
      return [{ path: ['jeballto'], message }];
    },
  },
  {
    reads: [],
    find({ hosts }) {
      const seen = new Map<string, string>();
      return named(hosts).flatMap(({ name, at }) => {
        const variable = tokenVariable(name);
        const earlier = seen.get(variable);
        seen.set(variable, name);
        const path = ['hosts', at, 'name'];
        if (earlier !== undefined) {
          return [
            {
              path,
              message: `"${name}" and "${earlier}" are too similar, since both would take their token from the variable ${variable}: rename one.`,
            },
          ];
        }
        return variable === 'JEBALLTO_TOKEN_FILE'
          ? [
              {
                path,
                message: `"${name}" would take its token from ${variable}, the variable for the path of a token file: choose another name.`,
              },
            ]
          : [];
      });
    },
  },
  {
    reads: ['store.path', 'store.url'],
    find({ store: { path, url } }) {
      if (path === undefined || url === undefined) return [];
      const message =
        'cannot be used together with store.url: keep the folder or the database, and remove the other key.';
      return [{ path: ['store', 'path'], message }];
    },
  },
  {
    reads: ['store.lease'],
    find({ store: { lease } }) {
      if (lease >= SHORTEST_LEASE && lease <= LONGEST_LEASE) return [];
      const message =
        'is out of range: write 2s to 5m. A short pause of the daemon must not end it, and after a crash nobody acts until it has ended.';
      return [{ path: ['store', 'lease'], message }];
    },
  },
  {
    reads: ['controller.id', 'controller.vm_name_prefix', 'store.url'],
    find({ controller: { id, vm_name_prefix: prefix }, store: { url } }) {
      const suffix = url === undefined ? LONGEST_NAME_SUFFIX : LONGEST_NAME_SUFFIX_OF_AN_EPOCH;
      const length = `${prefix}-${id}`.length + suffix;
      const over = length - MAX_RUNNER_NAME_LENGTH;
      if (over <= 0) return [];
      const message = `makes names of up to ${length} characters together with controller.id "${id}", and GitHub accepts at most ${MAX_RUNNER_NAME_LENGTH}: shorten it by ${counted(over, 'character')}.`;
      return [{ path: ['controller', 'vm_name_prefix'], message }];
    },
  },
  {
    reads: [],
    find({ labels }) {
      if (typeof labels !== 'object' || labels === null) return [];
      const seen = new Map<string, string>();
      const problems: KeyProblem[] = Object.keys(labels).flatMap((label) => {
        const path = ['labels', label];
        const earlier = seen.get(foldLabel(label));
        seen.set(foldLabel(label), label);
        if (earlier !== undefined) {
          const message = `differs from "${earlier}" only in case, which GitHub ignores: remove one of the two.`;
          return [{ path, message }];
        }
        const problem = labelProblem(label);
        return problem ? [{ path, message: `${problem} Choose another label.` }] : [];
      });
      const none = 'is empty, so no job would ever get a VM: add a label with its image.';
      return seen.size === 0 ? [{ path: ['labels'], message: none }] : problems;
    },
  },
  {
    reads: ['notify'],
    find({ notify }) {
      return Object.entries(notify).flatMap(([name, { url, url_file, url_command }]) => {
        const path = ['notify', name];
        if (!RECEIVER_NAME.test(name)) {
          const message =
            'is not a name for logs and metrics: write letters, digits, ".", "_" and "-", at most 64.';
          return [{ path, message }];
        }
        if (url ?? url_file ?? url_command) return [];
        return [{ path, message: 'does not say where to send: give url, url_file or url_command.' }];
      });
    },
  },
  {
    reads: ['hosts', 'labels', 'controller.max_concurrent_vms'],
    find({ hosts, labels, controller }) {
      const slots = hosts?.reduce(
        (sum, host) => sum + (host.max_concurrent_vms ?? controller.max_concurrent_vms),
        0,
      );
      const most = slots ?? controller.max_concurrent_vms;
      return Object.entries(labels).flatMap(([label, { warm }]) => {
        if (warm <= most) return [];
        const message = `asks for ${counted(warm, 'warm VM')}, but the hosts run at most ${most} at once: write ${most} or less.`;
        return [{ path: ['labels', label, 'warm'], message }];
      });
    },
  },
  {
    reads: ['admin.listen', 'admin.token'],
    find({ admin: { listen, token } }) {
      if (token !== undefined || isLoopback(listen.host)) return [];
      const message = `is missing. admin.listen opens the API to other machines at ${listen.host}: set a token, or listen on 127.0.0.1.`;
      return [{ path: ['admin', 'token'], message }];
    },
  },
  {
    reads: ['admin.token', 'admin.read_token'],
    find({ admin: { token, read_token } }) {
      if (read_token === undefined) return [];
      const path = ['admin', 'read_token'];
      if (token === undefined) {
        const message =
          'has no effect without admin.token, because then no request needs a token: set admin.token, too.';
        return [{ path, message }];
      }
      const message =
        'is the same as admin.token, so its owner could give orders: choose another value for one of the two.';
      return token === read_token ? [{ path, message }] : [];
    },
  },
  {
    reads: ['admin.listen', 'controller.webhook_listen'],
    find({ admin: { listen }, controller: { webhook_listen } }) {
      if (!isSameListener(listen, webhook_listen)) return [];
      const message =
        'has the same port as controller.webhook_listen, which is open to the public: choose another port.';
      return [{ path: ['admin', 'listen'], message }];
    },
  },
];

/**
 * Adds an issue for keys that contradict each other. A rule is skipped while one of its keys is invalid by
 * itself.
 */
export function checkCrossFieldRules(file: ConfigFile, ctx: z.core.$RefinementCtx<ConfigFile>): void {
  const wrong = ctx.issues.filter(({ code }) => code !== 'unrecognized_keys').map(({ path }) => path ?? []);
  for (const { reads, find } of RULES) {
    const readsWrongKey = reads.some((key) => wrong.some((path) => isWithin(path, key.split('.'))));
    if (readsWrongKey) continue;
    for (const { path, message } of find(file))
      ctx.addIssue({ code: 'custom', path: [...path], message, input: undefined });
  }
}

/** True when one path leads through the other: an invalid section makes all of its keys unreadable. */
function isWithin(one: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  const shorter = Math.min(one.length, other.length);
  return one.slice(0, shorter).every((part, at) => part === other[at]);
}

function hasRepository({ repository, repositories }: ConfigFile['github']): boolean {
  return repository !== undefined || repositories.length > 0;
}

function named(hosts: unknown): { name: string; at: number }[] {
  if (!Array.isArray(hosts)) return [];
  return hosts.flatMap((host, at) => (typeof host?.name === 'string' ? [{ name: host.name, at }] : []));
}
