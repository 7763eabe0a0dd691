import { describe, expect, it } from "vitest";
import { outranks, roleIn, type RoomRole } from "@/lib/people/roles";

const ROOM = { ownerId: "id-of-ann", moderators: [{ id: "id-of-bob", nickname: "bob" }] };

describe("a role", () => {
  it.each<[string | undefined, RoomRole]>([
    ["id-of-ann", "owner"],
    ["id-of-bob", "moderator"],
    ["id-of-cho", "guest"],
    [undefined, "guest"],
  ])("of %s is %s", (userId, role) => {
    expect(roleIn(ROOM, userId)).toBe(role);
  });

  it("is that of a guest in a room without an owner, and before the room is loaded", () => {
    expect(roleIn({ ownerId: null, moderators: [] }, "id-of-ann")).toBe("guest");
    expect(roleIn(null, "id-of-ann")).toBe("guest");
  });

  it("is never above the same or a higher one", () => {
    const order: RoomRole[] = ["guest", "moderator", "owner"];
    for (const [rank, role] of [...order, "operator" as const].entries())
      expect(order.filter((other) => outranks(role, other))).toEqual(order.slice(0, rank));
  });
});
