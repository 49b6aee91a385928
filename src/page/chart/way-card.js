/**
 * The card with all events of an arrow, at the pointer or the focus. It repeats what the arrow's own label says to
 * screen readers.
 */

/** @param {Event} event of the pointer or the focus, within the stage */
export function showCard({ currentTarget, target }) {
  const stage = /** @type {HTMLElement} */ (currentTarget);
  const card = cardOf(stage);
  const way = target instanceof Element ? target.closest('.way') : null;
  if (!card) return;
  card.hidden = way === null;
  if (!way) return;
  const [from = '', to = ''] = way.getAttribute('data-way')?.split(' ') ?? [];
  const events = (way.getAttribute('data-events') ?? '').split('\n');
  const title = document.createElement('strong');
  title.textContent = `${from || 'any state'} → ${to}`;
  const list = document.createElement('ul');
  for (const event of events) {
    const item = document.createElement('li');
    item.textContent = event;
    list.append(item);
  }
  card.replaceChildren(title, list);
  place(card, stage, way);
}

/** @param {Event} event */
export function hideCard({ currentTarget }) {
  const card = cardOf(/** @type {HTMLElement} */ (currentTarget));
  if (card) card.hidden = true;
}

/** Places the card below the arrow's name, or above it if there is not enough room. @param {HTMLElement} card @param {HTMLElement} stage @param {Element} way */
function place(card, stage, way) {
  const around = stage.getBoundingClientRect();
  const name = (way.querySelector('text') ?? way).getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const left = Math.min(name.left - around.left, around.width - width - 8);
  const below = name.bottom - around.top + 18;
  const top = below + height < around.height ? below : name.top - around.top - height - 6;
  card.style.translate = `${Math.max(8, left)}px ${Math.max(8, top)}px`;
}

/** @param {HTMLElement} stage @returns {HTMLElement | null} */
function cardOf(stage) {
  return stage.querySelector('.way-card');
}
