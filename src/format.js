// @ts-check

/** Returns a span as people say it: `340 ms`, `4.2 s`, `5 min`, `3 min 5 s`, `2 h 10 min`. @param {number} ms */
export function span(ms) {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return twoUnits(seconds, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return twoUnits(minutes, 'h', 'min');
  return `${Math.round(minutes / 60 / 24)} d`;
}

/** @param {number} count of the smaller unit, 60 of which are one larger @param {string} larger @param {string} smaller */
function twoUnits(count, larger, smaller) {
  const rest = count % 60;
  return `${Math.floor(count / 60)} ${larger}${rest === 0 ? '' : ` ${rest} ${smaller}`}`;
}

/** Returns a rough age for a list: `45 s`, `3 min`, `5 h`, `2 d`. @param {number} ms */
export function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/**
 * Another party's text in quotes, so that a reader sees where it ends. Invisible characters and unusual
 * spaces are replaced by their codes. @param {string} text
 */
export function quoted(text) {
  const shown = text
    .replace(/["\\]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\t/g, '\\t')
    .replace(/[\p{C}\p{Z}]/gu, (one) => (one === ' ' ? one : codeOf(one)));
  return `"${shown}"`;
}

/** `U+2011`, in braces. @param {string} character */
export function codeOf(character) {
  return `{U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`;
}

/** Returns a number of things: `1 job`, `3 jobs`. @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, '0');

/** `14:05:09`, on the reader's clock. @param {number} at epoch ms */
export function clock(at) {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `2026-11-25 14:05:09`, on the reader's clock. @param {number} at epoch ms */
export function moment(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(at)}`;
}

/**
 * `2026-11-25 14:05:09 UTC`, for a text whose reader may be in another time zone than the process that writes it.
 * @param {number} at epoch ms
 */
export function instant(at) {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `2026-11-25`, the day in UTC. @param {number} at epoch ms */
export function day(at) {
  return new Date(at).toISOString().slice(0, 10);
}

/**
 * Returns a URL that may be used as a link, or null. It comes from GitHub's text, so anything that is not a web address
 * is refused: the browser would run `javascript:`.
 * @param {unknown} url @returns {string | null}
 */
export function webAddress(url) {
  if (typeof url !== 'string' || !URL.canParse(url)) return null;
  return /^https?:$/.test(new URL(url).protocol) ? url : null;
}

/** `sha256:9d40e2c6b7f5`: enough of a digest to tell two apart. @param {string} digest */
export function shortDigest(digest) {
  return digest.slice(0, 'sha256:'.length + 12);
}

/**
 * Returns a text as a header can hold it: in the form of RFC 8187 (section 3.2), which allows fewer characters than
 * `encodeURIComponent` leaves. @param {string} text
 */
export function headerText(text) {
  const code = (/** @type {string} */ one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`;
  return `UTF-8''${encodeURIComponent(text).replace(/['()*]/g, code)}`;
}
