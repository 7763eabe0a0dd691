/** Every attempt to join waits while the server refuses it, and a form shows the wait. */

/** For `no-restricted-syntax` outside the session store. */
export const joinsOnce = [
  {
    selector:
      "CallExpression[callee.property.name='join']:matches([callee.object.name='session'], [callee.object.property.name='session'])",
    message: "Join with joinWithRetry, which waits for the server's time.",
  },
];
