/* Returns a line for each fault of the layout: a part outside the window or the list, hidden text, parts that overlap,
and controls that something covers. The parts that may lie over others by design are named where they are left out. */
() => {
  const list = document.querySelector("[role=log]");
  const faults = [];
  const cached = (read) => {
    const known = new Map();
    return (element) => {
      if (!known.has(element)) known.set(element, read(element));
      return known.get(element);
    };
  };
  const boxOf = cached((element) => element.getBoundingClientRect());
  const overflowOf = cached((element) => {
    const { overflowX, overflowY } = getComputedStyle(element);
    return { overflowX, overflowY };
  });
  const isDrawn = ({ width, height }) => width > 0 && height > 0;
  const nameOf = (element) =>
    `${element.tagName} ${element.getAttribute("aria-label") ?? element.dataset?.testid ?? element.className}`;

  /** The part of an element's box that its containers inside `end` do not clip. */
  const visibleBox = (element, end) => {
    let { left, right, top, bottom } = boxOf(element);
    for (let parent = element.parentElement; parent !== null && parent !== end; parent = parent.parentElement) {
      const { overflowX, overflowY } = overflowOf(parent);
      if (overflowX === "visible" && overflowY === "visible") continue;
      const clip = boxOf(parent);
      if (overflowX !== "visible") [left, right] = [Math.max(left, clip.left), Math.min(right, clip.right)];
      if (overflowY !== "visible") [top, bottom] = [Math.max(top, clip.top), Math.min(bottom, clip.bottom)];
    }
    return { left, right, top, bottom };
  };

  // The list clips its rows, so a row must end where the list ends.
  for (const element of document.querySelectorAll("body *")) {
    if (!isDrawn(boxOf(element)) || element.closest(".visually-hidden, svg *") !== null) continue;
    const row = element.closest("article");
    const border = row === null ? { left: 0, right: innerWidth } : boxOf(list);
    const { left, right } = visibleBox(element, row);
    if (left < right && (left < border.left - 1 || right > border.right + 1))
      faults.push(`outside: ${nameOf(element)} ${left}–${right} of ${border.left}–${border.right}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");

  for (const bubble of document.querySelectorAll("[data-testid=bubble]"))
    if (bubble.scrollWidth > bubble.clientWidth + 1)
      faults.push(`hidden text: ${bubble.textContent.slice(0, 40)}`);

  for (const row of document.querySelectorAll("article[data-seq]")) {
    const { top, bottom } = boxOf(row);
    const view = boxOf(list);
    if (top < view.top || bottom > view.bottom) continue;
    for (const button of row.querySelectorAll("[data-testid=actions] button")) {
      const box = boxOf(button);
      const isInside =
        box.left >= view.left && box.right <= view.right && box.top >= view.top && box.bottom <= view.bottom;
      if (!isInside) faults.push(`an action outside the list: ${nameOf(button)} of row ${row.dataset.seq}`);
    }
  }

  // In a message, reactions lie over the edge of the bubble, and the actions lie over narrow bubbles.
  const overlap = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const allIn = (boxes) =>
    boxes.flatMap(([first, firstBox], index) =>
      boxes
        .slice(index + 1)
        .filter(([, box]) => overlap(firstBox, box))
        .map(([second]) => `overlap: ${nameOf(first)}, ${nameOf(second)}`),
    );
  const drawn = (elements) =>
    elements.map((element) => [element, boxOf(element)]).filter(([, box]) => isDrawn(box));
  faults.push(...allIn(drawn([...document.querySelectorAll("[role=log] article")])));
  for (const parent of document.querySelectorAll("body *")) {
    if (parent.closest("article:not([data-post])") !== null && parent.tagName !== "HEADER") continue;
    if (!/flex|grid/.test(getComputedStyle(parent).display)) continue;
    const inFlow = [...parent.children].filter((child) =>
      ["static", "relative"].includes(getComputedStyle(child).position),
    );
    faults.push(...allIn(drawn(inFlow)));
  }

  // The pinned message and the chips lie over rows, and the picker's headings over its emoji.
  const front = [...document.querySelectorAll("[role=dialog], [role=menu]")].at(-1) ?? document;
  for (const target of front.querySelectorAll("button:not([frimousse-emoji]), a, input, textarea, select")) {
    const { pointerEvents, visibility } = getComputedStyle(target);
    if (!isDrawn(boxOf(target)) || pointerEvents === "none" || visibility === "hidden") continue;
    const { left, right, top, bottom } = boxOf(target);
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const shown = visibleBox(target, null);
    if (x < shown.left || x > shown.right || y < shown.top || y > shown.bottom) continue; // scrolled out of view
    const hit = document.elementFromPoint(x, y);
    if (hit === null) {
      if (target.closest("article") === null) faults.push(`outside the window: ${nameOf(target)}`);
      continue;
    }
    const isOverRow = target.closest("article") !== null && hit.closest("article") === null;
    const isAction = hit.closest("[data-testid=actions]") !== null;
    if (!target.contains(hit) && !hit.contains(target) && !isOverRow && !isAction)
      faults.push(`covered: ${nameOf(target)} by ${nameOf(hit)}`);
  }
  return faults;
}
