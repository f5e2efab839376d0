import { describe, expect, it } from "vitest";
import { StartRecord, safeFor } from "../../../firmware/continuity/start-record";
import { retainedParts } from "../../../firmware/continuity/retained-memory";
import { RetainedRam } from "./retained-ram";

const boot = (ram: RetainedRam, reason: string): StartRecord => new StartRecord(ram.start(reason), reason);

describe("the record of starts", () => {
  it("counts panics in a row, until the power was off or the device has worked", () => {
    const ram = new RetainedRam();
    const reasons = ["power-on", "panic", "watchdog", "brownout", "power-on", "cpu-lockup"];
    expect(reasons.map((reason) => boot(ram, reason).panics)).toEqual([0, 1, 2, 2, 0, 1]);
    boot(ram, "panic").worked();
    expect(boot(ram, "brownout").panics).toBe(0);
    for (let n = 0; n < 300; n++) boot(ram, "panic");
    expect(boot(ram, "panic")).toMatchObject({ panics: 255, reason: "panic" });
  });

  it("a restart by software that the firmware did not ask for is an abort", () => {
    const ram = new RetainedRam();
    boot(ram, "power-on").ask();
    expect(boot(ram, "software")).toMatchObject({ startReason: "software", panics: 0 });
    expect(boot(ram, "software")).toMatchObject({ startReason: "abort", panics: 1, reason: "abort" });
    boot(ram, "deep-sleep").ask();
    expect(boot(ram, "software")).toMatchObject({ startReason: "software", panics: 1 });
    // Without the record nobody knows who asked.
    ram.bytes[retainedParts.starts.offset + 6] ^= 1;
    expect(boot(ram, "software")).toMatchObject({ startReason: "software", panics: 0 });
    expect(boot(ram, "software").startReason).toBe("abort");
  });

  it("is safe after three panics in a row, or three failures of the application", () => {
    const ram = new RetainedRam();
    boot(ram, "power-on");
    expect([1, 2, 3].map(() => boot(ram, "panic").safe)).toEqual([false, false, true]);
    expect(boot(ram, "deep-sleep").safe).toBe(true);
    expect(boot(ram, "power-on").safe).toBe(false);
    const failing = (byApplication: boolean): boolean => {
      const record = boot(ram, "deep-sleep");
      expect(record.failed("no sensor", byApplication)).toBe(true);
      return record.safe;
    };
    expect([false, false, false, true].map(failing)).toEqual([false, false, false, true]);
    expect(boot(ram, "deep-sleep")).toMatchObject({ failures: 4, reason: "no sensor", safe: true });
  });

  it("a safe start that begins well counts nothing as mended, and ends by command or after a day", () => {
    const ram = new RetainedRam();
    for (let n = 0; n < 4; n++) boot(ram, "panic");
    let record = boot(ram, "deep-sleep");
    record.started();
    record.worked();
    record = boot(ram, "deep-sleep");
    expect(record).toMatchObject({ safe: true, panics: 4 });
    expect(record.safeUntil(1_000)).toBe(1_000 + safeFor);
    expect(boot(ram, "deep-sleep").safeUntil(5_000)).toBe(1_000 + safeFor);
    expect(boot(ram, "brownout").safeUntil(7_000)).toBe(7_000 + safeFor);
    boot(ram, "deep-sleep").leaveSafe(true);
    expect(boot(ram, "deep-sleep")).toMatchObject({ safe: false, panics: 2 });
    expect(boot(ram, "panic").safe).toBe(true);
    boot(ram, "deep-sleep").leaveSafe(false);
    expect(boot(ram, "panic")).toMatchObject({ safe: false, panics: 1 });
  });

  it("keeps what was told over deep sleep only", () => {
    const ram = new RetainedRam();
    boot(ram, "power-on").told = { mask: 5, since: 1_234.5 };
    expect(boot(ram, "deep-sleep").told).toEqual({ mask: 5, since: 1_234.5 });
    expect(boot(ram, "panic").told).toEqual({ mask: 0, since: 0 });
  });

  it("whatever the memory holds, it begins", () => {
    const ram = new RetainedRam();
    for (let seed = 0; seed < 2_000; seed++) {
      boot(ram, "panic").failed("\u{1f600}".repeat(seed % 80) + "\n\0", true);
      const { offset, length } = retainedParts.starts;
      const at = offset + ((seed * 7) % length);
      ram.bytes[at] ^= 1 << (seed % 8);
      const record = boot(ram, "deep-sleep");
      expect(record.reason).toMatch(/^[ -~]*$/);
      expect(record.panics).toBeLessThanOrEqual(255);
    }
  });
});
