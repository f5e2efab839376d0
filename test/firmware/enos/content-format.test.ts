import { describe, expect, it, test } from "vitest";
import { pathOptions } from "../../../firmware/enos/topic";
import { FakeEnos, root } from "./fake-enos";
import { SessionRig, words } from "./rig";
import type { PublishOutcome } from "../../../firmware/enos/outcome";
import type { SessionOptions } from "../../../firmware/enos/session-options";
import type { Script } from "./fake-enos";

const topic = "thing/model/up_raw";

/** What outlives a restart of it. */
class Memory {
  statesFormat = false;
  keepStatesFormat(): void {
    this.statesFormat = true;
  }
}

function rigOf(script: Script, settings: Partial<SessionOptions> = {}): SessionRig {
  const rig = new SessionRig(new FakeEnos(), settings);
  rig.server.script = script;
  return rig;
}

/** Sends bytes for a parsing script, and says how that ended. */
function publish(rig: SessionRig): string {
  const outcomes: PublishOutcome[] = [];
  rig.session.send(
    {
      path: pathOptions(`${root}/${topic}`),
      format: 42,
      payload: Buffer.from("01"),
      onComplete: (outcome) => void outcomes.push(outcome),
    },
    rig.now,
  );
  rig.pump();
  return outcomes.map(words).join(", ");
}

const formats = (rig: SessionRig): (number | undefined)[] =>
  rig.server.seen.filter(({ line }) => line.endsWith(topic)).map(({ format }) => format);

/** A server that has to be told the format, and refuses what does not tell it. */
const demanding =
  (code: string): Script =>
  ({ line, format }) =>
    line.endsWith(topic) && format === undefined ? { code } : "default";

describe("bytes for a parsing script", () => {
  it("are sent without their Content-Format, as the manual's requests are", () => {
    const rig = rigOf(() => "default");
    expect([publish(rig), publish(rig)]).toEqual(["accepted", "accepted"]);
    expect(formats(rig)).toEqual([undefined, undefined]);
  });

  test.each(["4.15", "4.00"])("are sent with it from the first refusal on, %s", (code) => {
    const memory = new Memory();
    const rig = rigOf(demanding(code), { formats: memory });
    expect([publish(rig), publish(rig)]).toEqual(["accepted", "accepted"]);
    expect(formats(rig)).toEqual([undefined, 42, 42]);
    expect(rig.story).toEqual(["authenticating first", "online token", "format stated"]);
    expect(memory.statesFormat).toBe(true);
    // After a restart from the start.
    const next = rigOf(demanding(code), { formats: memory });
    expect(publish(next)).toBe("accepted");
    expect(formats(next)).toEqual([42]);
  });

  it("have it from the start with the setting", () => {
    const rig = rigOf(demanding("4.15"), { contentFormat: "always" });
    expect(publish(rig)).toBe("accepted");
    expect(formats(rig)).toEqual([42]);
  });

  it("are refused for what they say where it does not help, and the next go without it again", () => {
    let refuse = true;
    const memory = new Memory();
    const rig = rigOf(({ line }) => (line.endsWith(topic) && refuse ? { code: "4.00" } : "default"), {
      formats: memory,
    });
    expect(publish(rig)).toBe("rejected illegal-payload");
    refuse = false;
    expect(publish(rig)).toBe("accepted");
    expect(formats(rig)).toEqual([undefined, 42, undefined]);
    expect(memory.statesFormat).toBe(false);
  });

  it("that were taken without it before are not sent with it for a 4.00, and are for a 4.15", () => {
    let code: string | undefined;
    const rig = rigOf(({ line, format }) =>
      line.endsWith(topic) && code !== undefined && format === undefined ? { code } : "default",
    );
    expect(publish(rig)).toBe("accepted");
    code = "4.00";
    expect(publish(rig)).toBe("rejected illegal-payload");
    expect(formats(rig).every((format) => format === undefined)).toBe(true);
    code = "4.15";
    expect(publish(rig)).toBe("accepted");
    expect(formats(rig).slice(-2)).toEqual([undefined, 42]);
  });

  it("wait for the next contact where nothing may follow that another's datagram asks for", () => {
    const memory = new Memory();
    const rig = rigOf(demanding("4.15"), { formats: memory, guard: { mayFollow: () => false } });
    expect(publish(rig)).toBe("offline other");
    expect(memory.statesFormat).toBe(false);
    expect(publish(rig)).toBe("accepted");
    expect(memory.statesFormat).toBe(true);
    expect(formats(rig)).toEqual([undefined, 42]);
  });
});
