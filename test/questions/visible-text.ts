/// <reference lib="dom" />
import type { Locator } from 'playwright-core';

/**
 * The text of elements that a person can see without a scroll: not what is cut off by the window or by a box around it,
 * nor what something covers.
 */
export async function visibleText(parts: Locator): Promise<string> {
  const texts = await parts.evaluateAll((roots) => {
    const clipOf = (element: Element) => {
      const clip = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
      for (let at: Element | null = element; at && at !== document.body; at = at.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(at);
        const { left, right, top, bottom } = at.getBoundingClientRect();
        if (overflowX !== 'visible')
          Object.assign(clip, { left: Math.max(clip.left, left), right: Math.min(clip.right, right) });
        if (overflowY !== 'visible')
          Object.assign(clip, { top: Math.max(clip.top, top), bottom: Math.min(clip.bottom, bottom) });
      }
      return clip;
    };
    const isInFront = (element: Element, x: number, y: number) => {
      const front = document.elementFromPoint(x, y);
      return front !== null && (front.contains(element) || element.contains(front));
    };
    const wordsOf = (node: Node, element: Element) => {
      const clip = clipOf(element);
      const words = [...(node.textContent ?? '').matchAll(/\S+/g)];
      return words.filter(({ index, 0: word }) => {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        return [...range.getClientRects()].every(({ left, top, right, bottom }) => {
          const [x, y] = [(left + right) / 2, (top + bottom) / 2];
          // A pixel of a letter may be beyond its box.
          const isWithin =
            left >= clip.left - 1 && right <= clip.right + 1 && y >= clip.top && y <= clip.bottom;
          return isWithin && isInFront(element, x, y);
        });
      });
    };
    const textOf = (root: Element) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const words: string[] = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (element?.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
          words.push(...wordsOf(node, element).map(([word]) => word));
      }
      return words.join(' ');
    };
    return roots.map(textOf);
  });
  return texts.join(' ');
}
