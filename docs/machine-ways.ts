import type { AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { eventName } from '../src/journal/entries/transition-entry.ts';

/** One transition of a state, as its definition has it. */
export interface Way {
  /** As the journal names it: `job.started`, `createVm failed`; `phaseDeadline over` for both ends of a wait. */
  event: string;
  /** The question whose answer must be yes; null for the transition that is taken otherwise. */
  guard: string | null;
  /** Null when the actor stays where it is. */
  to: AnyStateNode | null;
  /** Names of actions; one without a name keeps the result of the effect. */
  does: string[];
}

const AT_ONCE = 'at once';

/**
 * Returns the transitions of this node, without those of its ancestors; the first one whose guard returns true is
 * taken.
 */
export function waysOf(node: AnyStateNode): Way[] {
  const ways = [...node.transitions].flatMap(([type, definitions]) =>
    definitions.map((definition) => wayOf(spoken(type), definition)),
  );
  return oneEndPerWait([...ways, ...(node.always ?? []).map((definition) => wayOf(AT_ONCE, definition))]);
}

/**
 * Returns what an actor in a leaf does with an event, by XState's rule: the leaf decides first, then its ancestors,
 * until a transition without a guard is found. A guard that was already asked is not listed again. Empty if nothing
 * handles the event.
 */
export function answersOf(leaf: AnyStateNode, eventType: string): Way[] {
  const answers: Way[] = [];
  for (let node: AnyStateNode | undefined = leaf; node; node = node.parent) {
    for (const definition of node.transitions.get(eventType) ?? []) {
      const way = wayOf(spoken(eventType), definition);
      const wasAsked = answers.some(({ guard }) => guard === way.guard);
      if (!wasAsked) answers.push(way);
    }
    if (answers.some(({ guard }) => guard === null)) break;
  }
  return answers;
}

/** `running.idle`, without the name of the machine. */
export function pathOfNode(node: AnyStateNode): string {
  return node.path.join('.');
}

function wayOf(event: string, { guard, target, actions }: AnyTransitionDefinition): Way {
  return {
    event,
    guard: guard === undefined ? null : nameOf(guard),
    to: target?.[0] ?? null,
    does: actions.map(nameOf),
  };
}

/**
 * Returns the name of a guard or an action, with the parameter that makes it unique; one without a name keeps a result.
 */
export function nameOf(part: unknown): string {
  if (typeof part === 'string') return part;
  if (typeof part === 'function') return 'keep the result';
  const { type, params } = part as { type: string; params?: Record<string, string> };
  const told = params?.code ?? params?.timeout;
  return told ? `${type} ${told}` : type;
}

function spoken(eventType: string): string {
  return eventType.startsWith('xstate.done.state.') ? 'all parts ended' : eventName({ type: eventType }, '-');
}

/** A wait leads to the same state whether it ends or fails, so both ends are one line. */
function oneEndPerWait(ways: Way[]): Way[] {
  const same = (a: Way, b: Way) =>
    a.guard === b.guard && a.to === b.to && a.does.join() === b.does.join() && a !== b;
  const twin = (way: Way, from: string, to: string) =>
    way.event.endsWith(from) &&
    ways.some((other) => other.event === way.event.slice(0, -from.length) + to && same(way, other));
  return ways
    .filter((way) => !twin(way, ' failed', ' done'))
    .map((way) =>
      twin(way, ' done', ' failed') ? { ...way, event: way.event.replace(/ done$/, ' over') } : way,
    );
}
