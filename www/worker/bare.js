// What Python holds of our JavaScript: objects and functions that lead nowhere else.

/**
 * An object of these members, without a prototype, and so without a constructor; its functions have
 * none either. Nothing of it can be changed.
 * @template {object} T
 * @param {T} members
 * @returns {T}
 */
export function bare(members) {
  const descriptors = Object.getOwnPropertyDescriptors(members);
  for (const { value, get } of Object.values(descriptors)) {
    for (const one of [value, get]) {
      if (typeof one === "function") Object.freeze(Object.setPrototypeOf(one, null));
    }
  }
  return Object.freeze(Object.create(null, descriptors));
}
