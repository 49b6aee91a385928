/** Pixels between the middles of two marks, where there is room. */
const STEP = 10;

/**
 * Where the mark number `index` of `count` is in a box: along a pill's edge or under the name of a state with parts,
 * in rows in a large box.
 * @param {import('./chart.js').Box} box
 * @param {number} index
 * @param {number} count
 */
export function spotIn({ x, y, width, height, isLeaf, parent }, index, count) {
  if (isLeaf && parent === '' && height > 60) {
    const [left, top, wide, high] = [x + 12, y + 46, width - 20, height - 54];
    const step = Math.min(STEP, Math.sqrt((wide * high) / count));
    const columns = Math.max(1, Math.floor(wide / step));
    const row = Math.floor(index / columns);
    return {
      x: left + (index % columns) * step,
      y: top + row * step,
      r: Math.max(1.4, Math.min(4.2, step * 0.4)),
    };
  }
  const room = width - 18;
  const step = Math.min(STEP, room / Math.max(1, count));
  return { x: x + 11 + index * step, y: isLeaf ? y + height - 4.9 : y + 32, r: 4.2 };
}
