/**
 * Returns a colour of the style sheet as a canvas understands it: the sheet has one for light and one for dark.
 * @param {HTMLElement} element whose own colour does not matter @param {string} name without its dashes
 */
export function colourOf(element, name) {
  element.style.color = `var(--${name})`;
  return getComputedStyle(element).color;
}
