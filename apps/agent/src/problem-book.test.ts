import { expect, it } from 'vitest';
import { ProblemBook } from './problem-book.js';

it('a problem keeps its beginning while it lasts, also in other words; when it comes again it is a new one', () => {
  const book = new ProblemBook();
  const full = { code: 'full', subject: 'conntrack', detail: '80 of 100' };
  expect(book.update([full, full], 'monday')).toEqual([{ ...full, since: 'monday' }]);
  const worse = { ...full, detail: '90 of 100' };
  expect(book.update([worse], 'tuesday')).toEqual([{ ...worse, since: 'monday' }]);
  expect(book.update([], 'wednesday')).toEqual([]);
  expect(book.update([full], 'thursday')).toEqual([{ ...full, since: 'thursday' }]);
});
