/** What a session sends only because an answer asks for it, as long as it may. */
import { describe, expect, it } from "vitest";
import { SessionRig } from "./rig";
import { FakeEnos } from "./fake-enos";

const raw = "thing/model/down_raw";

function rigWith(allowed: number, edition: "token" | "tokenless" = "token") {
  const asked: string[] = [];
  let left = allowed;
  const rig = new SessionRig(new FakeEnos(edition), {
    guard: {
      mayFollow(what) {
        asked.push(what);
        left -= 1;
        return left >= 0;
      },
    },
  });
  return { rig, asked };
}

describe("a session that may follow no answer", () => {
  it("fetches no command, which waits for another day", () => {
    const { rig, asked } = rigWith(1);
    rig.server.downlinks.push({ topic: raw, payload: "1" }, { topic: raw, payload: "2" });
    expect(rig.publish()).toBe("accepted");
    expect(rig.downlinks).toEqual([`${raw} 1`]);
    expect(asked).toEqual(["command", "command"]);
    expect(rig.story.at(-1)).toBe("ignored: enough commands for today");
  });

  it("takes none that an answer brings along either", () => {
    const { rig } = rigWith(0, "tokenless");
    rig.server.downlinks.push({ topic: raw, payload: "1" });
    expect(rig.publish()).toBe("accepted");
    expect(rig.downlinks).toEqual([]);
  });

  it("authenticates at the next request, not at once, and has no request given up for it", () => {
    const { rig, asked } = rigWith(0);
    rig.publish();
    rig.server.seen.length = 0;
    for (const code of ["4.01", "4.00"]) {
      rig.server.script = (request) => (request.line.includes("up_raw") ? { code } : "default");
      const word = code === "4.01" ? "unauthorized" : "illegal-payload";
      expect(rig.publish()).toBe(`offline ${word}`);
      expect(rig.server.lines).toEqual(["POST …thing/model/up_raw"]);
      rig.server.script = () => "default";
      expect(rig.publish()).toBe("accepted");
      expect(rig.server.lines[1]).toMatch(/auth/);
      expect(rig.server.lines).toHaveLength(3);
      rig.server.seen.length = 0;
    }
    expect(asked).toEqual(["session", "session"]);
  });
});

it("a session is asked for nothing while answers ask for nothing", () => {
  const { rig, asked } = rigWith(0);
  for (let i = 0; i < 5; i++) expect(rig.publish()).toBe("accepted");
  expect(asked).toEqual([]);
});
