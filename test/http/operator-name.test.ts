import { expect, test } from 'vitest';
import { headerText } from '../../src/format.js';
import { operatorOf } from '../../src/http/admin/api/orders/operator-name.ts';

/** A header as Node gives it: one character for each byte. */
const raw = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

test('a name in the form of RFC 8187 is decoded', () => {
  expect(operatorOf("UTF-8''%C5%81ukasz%20%E2%98%82")).toBe('Łukasz ☂');
  expect(operatorOf("utf-8'pl'%C5%81ukasz")).toBe('Łukasz');
});

test('a name that a program encodes for the header arrives as it was', () => {
  for (const name of ["O'Neill (ops) *", 'Łukasz ☂', '100%25', '!~-_.&+^`|#$']) {
    expect(operatorOf(headerText(name))).toBe(name);
  }
});

test('every other name is text as it was sent', () => {
  for (const name of ['ada', '100%', '100%25', '%C5%81ukasz', "UTF-8''100%", "O'Neill", "UTF-8''%FF"]) {
    expect(operatorOf(name)).toBe(name);
  }
  expect(operatorOf(raw('Łukasz ☂'))).toBe('Łukasz ☂');
});

test('control characters are removed, and 60 characters are kept at most', () => {
  expect(operatorOf(headerText('Ada\n\u202e\u2028 Łovelace'))).toBe('Ada Łovelace');
  expect(operatorOf(headerText(`${'☂'.repeat(59)}🦊🦊`))).toBe(`${'☂'.repeat(59)}🦊`);
});

test('an order without a name is of an operator', () => {
  for (const nothing of [undefined, '', '  ', "UTF-8''", "UTF-8''%0A"]) {
    expect(operatorOf(nothing)).toBe('an operator');
  }
});
