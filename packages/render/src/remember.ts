/**
 * The function, but asked twice of the same object it gives the same answer, by reference, without doing the work again.
 * For pure functions of objects that are never mutated; an answer is forgotten with its object.
 */
export function remember<K extends WeakKey, V>(make: (key: K) => V): (key: K) => V {
  const answers = new WeakMap<K, V>();
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const made = make(key);
    answers.set(key, made);
    return made;
  };
}
