/** The object's own value of a key that comes from outside; undefined for an inherited one such as `constructor`. */
export const ownValue = <T>(values: Readonly<Record<string, T>>, key: string): T | undefined =>
  // eslint-disable-next-line hotchat/own-keys -- the one place that checks first
  Object.hasOwn(values, key) ? values[key] : undefined;
