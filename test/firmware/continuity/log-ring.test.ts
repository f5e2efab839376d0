import { describe, expect, it } from "vitest";
import { LogRing } from "../../../firmware/continuity/log-ring";
import { retainedParts } from "../../../firmware/continuity/retained-memory";
import { RetainedMemory } from "../../../firmware/continuity/retained-memory";
import { RetainedRam } from "./retained-ram";

describe("the last lines of the log", () => {
  it("outlive a panic, the oldest give way, and none but its own part is written", () => {
    const ram = new RetainedRam();
    ram.bytes.fill(0xa5);
    let ring = new LogRing(ram.start("panic"));
    expect(ring.newest(1_000, 0)).toBe("");
    const lines: string[] = [];
    for (let n = 0; n < 500; n++) {
      if (n % 50 === 0) ring = new LogRing(ram.start("panic"));
      const line = `line ${n} ${"x".repeat(n % 60)}`;
      ring.append(line, 1000 * n + 999);
      lines.push(`${n} ${line}\n`);
    }
    const all = lines.join("");
    expect(ring.newest(300, 0)).toBe(all.slice(-300));
    expect(ring.newest(300, 250)).toBe(all.slice(-550, -250));
    const held = ring.newest(10_000, 0);
    expect(all.endsWith(held)).toBe(true);
    expect(held.length).toBe(retainedParts.log.length - 4);
    expect(ring.newest(100, 1_000_000)).toBe("");
    const others = ram.bytes.slice(0, retainedParts.log.offset);
    expect(others.every((byte, i) => byte === 0xa5 || isHead(i))).toBe(true);
  });

  it("is ASCII of bounded lines, whatever was said and whatever the memory holds", () => {
    const ram = new RetainedRam();
    const ring = new LogRing(ram.start("power-on"));
    ring.append(`an emoji \u{1f600} and ${"y".repeat(10_000)}`, 0);
    ring.append("\u001b[31m red", 0);
    ring.append("a forged\n0 line\0 or two\n", 0);
    const [first, second, third, rest] = ring.newest(2_000, 0).split("\n");
    expect(first).toMatch(/^0 an emoji \?\?? and y+$/);
    expect(first.length).toBe(160);
    expect(second).toBe("0 ?[31m red");
    expect(third).toBe("0 a forged?0 line? or two?");
    expect(rest).toBe("");
    const { offset, length } = retainedParts.log;
    for (let i = 4; i < length; i++) ram.bytes[offset + i] = i & 0xff;
    expect(new LogRing(ram.start("panic")).newest(5_000, 0)).toMatch(/^[\n -~]*$/);
    ram.bytes[offset + 3] = 0xff;
    expect(new LogRing(ram.start("panic")).newest(5_000, 0)).toBe("");
  });

  it("is nothing on a board without such memory", () => {
    const ring = new LogRing(new RetainedMemory(undefined, "panic"));
    ring.append("a line", 0);
    expect(ring.newest(100, 0)).toBe("");
  });
});

/** Heads of other parts are cleared at a start. */
function isHead(at: number): boolean {
  return Object.values(retainedParts).some(({ offset }) => at >= offset && at < offset + 4);
}
