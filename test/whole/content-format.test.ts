import { afterEach, expect, it } from "vitest";
import { World } from "./world";

let world: World;
afterEach(() => world.close());

it("a server that wants the Content-Format of bytes is told it after its first refusal, and takes all readings", async () => {
  world = await World.start("token", "raw", { format: "raw" }, { demandsFormat: true });
  // In the order in which they are sent: its answer comes after the reading's.
  expect((await world.sends((device, done) => device.updateTags({ site: "north" }, done))).kind).toBe(
    "accepted",
  );
  expect(world.log).toContain("session: format stated");
  const reports = world.log.filter((line) => line.startsWith("report: "));
  expect(reports).toHaveLength(2);
  expect(reports[1]).toMatch(/^report: acknowledged /);
});

it("a server that obeys EnOS's manual is not told it", async () => {
  world = await World.start("token", "raw", { format: "raw" });
  expect((await world.sends((device, done) => device.updateTags({ site: "north" }, done))).kind).toBe(
    "accepted",
  );
  expect(world.log.filter((line) => line.startsWith("report: acknowledged"))).toHaveLength(1);
  expect(world.log).not.toContain("session: format stated");
});
