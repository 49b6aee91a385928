import { clock, span } from '../../format.js';

/**
 * A host's health over a span of time, as pieces of a strip and as words.
 *
 * @typedef {import('../../http/admin/api/api-routes.ts').HostView['history'][number]} Stay lasts until the next one
 *
 * @typedef {object} Piece
 * @property {string} state
 * @property {number} from epoch ms
 * @property {number} to epoch ms
 */

/**
 * Returns the stays within a span (epoch ms), cut at its edges; what is not known is left out.
 * @param {readonly Stay[]} stays @param {number} from @param {number} to @returns {Piece[]}
 */
export function piecesOf(stays, from, to) {
  return stays
    .map((stay, index) => ({
      state: stay.state,
      from: Math.max(from, stay.from),
      to: Math.min(to, stays[index + 1]?.from ?? to),
    }))
    .filter((piece) => piece.to > piece.from);
}

/** Returns one piece in words. @param {Piece} piece */
export function pieceWords({ state, from, to }) {
  return `${state} from ${clock(from)} to ${clock(to)}, ${span(to - from)}`;
}

/** Returns the strip in words, for screen readers. @param {string} host @param {Piece[]} pieces */
export function stripWords(host, pieces) {
  const [first] = pieces;
  if (!first) return `${host}: there is no data for this time`;
  const states = [...new Set(pieces.map(({ state }) => state))].map((state) => {
    const stays = pieces.filter((piece) => piece.state === state);
    const sum = stays.reduce((total, piece) => total + piece.to - piece.from, 0);
    return `${state} ${span(sum)}${stays.length > 1 ? ` in ${stays.length} stays` : ''}`;
  });
  return `${host} since ${clock(first.from)}: ${states.join(', ')}`;
}
