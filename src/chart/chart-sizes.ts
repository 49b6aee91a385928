/**
 * Pixels at 100 %. The page draws texts at these sizes: below 11 pixels they cannot be read, and ELK keeps exactly
 * this much room free for them.
 */
export const SIZES = {
  label: { text: 11, line: 13 },
  /** A state without children: its name, and a row of marks under it. */
  pill: { text: 13, height: 36, least: 66, inset: 9 },
  /** A state with children, and its head: name and count, then figures and failures. */
  frame: { text: 13, head: 44, inset: 10, least: 140, count: 40 },
  /** At the top level a state without children has room for many marks: all waiting jobs are in one. */
  room: { text: 15, width: 140, height: 130 },
};
