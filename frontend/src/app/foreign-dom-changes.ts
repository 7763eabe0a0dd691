/** Translators and extensions move and remove nodes that React has made. React removes and inserts nodes by their parents,
 * and the browser throws if the parent is another one now. See docs/decisions/0018-foreign-dom-changes.md. */
export function tolerateForeignDomChanges(): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- each is called with its own node below
  const { removeChild, insertBefore } = Node.prototype;

  Node.prototype.removeChild = function <Child extends Node>(this: Node, child: Child): Child {
    const parent = child.parentNode;
    if (parent !== null) removeChild.call(parent, child);
    return child;
  };

  Node.prototype.insertBefore = function <Inserted extends Node>(
    this: Node,
    node: Inserted,
    before: Node | null | undefined, // libraries leave it out to append
  ): Inserted {
    let sibling = before ?? null;
    while (sibling !== null && sibling.parentNode !== this) sibling = sibling.parentNode; // the translator's wrapper
    insertBefore.call(this, node, sibling);
    return node;
  };
}
