/**
 * Rules on commands, messages, secrets, pace and thrift: each can be broken.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { CadenceBook } from "../../../../host-sim/tools/chaos/books/cadence";
import { SecretWatch } from "../../../../host-sim/tools/chaos/books/secret-watch";
import { Ledger } from "../../../../host-sim/tools/chaos/ledger";
import { judgePace } from "../../../../host-sim/tools/chaos/rules/pace";
import { driftSince } from "../../../../host-sim/tools/chaos/rules/readings";
import { sleepDrift } from "../../../../host-sim/sim/world/world";
import { judgeThrift, spending } from "../../../../host-sim/tools/chaos/rules/thrift";
import { broken, hour, insteadOf, isStoredReading, minute, run, scriptOf } from "./planted";
import type { Stored, Taken } from "../../../../host-sim/tools/chaos/ledger";
import type { Fault } from "../../../../host-sim/tools/chaos/script";
import type { CampaignEnding, Ending } from "../../../../host-sim/tools/chaos/rules/rule";
import type { LogEvent } from "../../../../host-sim/sim/world/device-log";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

describe("each rule, broken on purpose, is found", () => {
  test("secret: its forms wherever a board keeps or says something, and nothing in its own place", () => {
    const secret = "Gk8dPq3xZw7Lm2Rt9VbYc5HnJf4Sa6Ue";
    const bytes = Buffer.from(secret);
    const met = (look: (watch: SecretWatch) => void): readonly string[] => {
      const watch = new SecretWatch(secret);
      look(watch);
      return watch.found;
    };
    const key = createHash("sha256").update(secret).digest().subarray(8, 24);
    expect(met((watch) => watch.log(`x ${secret}`, "agent"))).toHaveLength(1);
    expect(met((watch) => watch.line(`AT+X="${bytes.toString("hex")}"`, true))).toHaveLength(1);
    expect(met((watch) => watch.line(`+X: ${key.toString("hex").toUpperCase()}`, false))).toHaveLength(1);
    for (const before of ["", "a", "ab"]) {
      const base64 = Buffer.concat([Buffer.from(before), key, Buffer.from("tail")]).toString("base64");
      expect(met((watch) => watch.datagram(Buffer.from(base64), "up"))).not.toEqual([]);
    }
    expect(met((watch) => watch.bytes(Buffer.concat([Buffer.alloc(7), key]), "flash"))).toEqual([
      "flash holds the key made of the device's secret",
    ]);
    expect(met((watch) => watch.log("agent: start interval=900s batch=1 lifetime=3600s", "agent"))).toEqual(
      [],
    );
  });

  test.each([
    ["deep", 450_000, 0, []],
    ["deep", 0, 0, [24]],
    ["deep", 450_000, 450_000, [24]],
    ["deep", 9 * hour, 0, [24]],
    ["none", 450_000, 0, [24]],
  ] as const)("cadence: sleep %s, a time off by %i ms and then by %i", (sleep, before, after, silences) => {
    const book = new CadenceBook({ interval: 900, sleep });
    const taken = { kind: "report taken" } as LogEvent;
    book.line(taken, 0);
    book.told(before);
    book.line(taken, 15 * minute);
    // The device takes the difference for what its own clock was wrong by, and moves the next reading.
    book.told(after);
    book.line(taken, 39 * minute);
    book.line(taken, 54 * minute);
    expect(book.silences.map(({ since, until }) => (until - since) / minute)).toEqual(silences);
  });

  test("cadence: readings that are not taken for hours", async () => {
    const result = await run(scriptOf(), {
      tamper: (event) => {
        const taken = event.source === "device" && event.text.startsWith("report: taken");
        return taken && event.time > hour + 60_000 && event.time < 2 * hour ? undefined : event;
      },
    });
    const cadence = result.violations.filter(({ invariant }) => invariant === "cadence");
    expect(cadence).toHaveLength(1);
    // They are taken in step with the end of the start's wait, which is less than a minute with this key. A reading is told of
    // some ms after its time: the processor needs them.
    expect(cadence[0].sentence).toMatch(
      /^from 01:00:(\d\d)\.\d{3} to 02:00:\1\.\d{3} no reading was taken, one is due every 300 s$/,
    );
  });

  test("order: a reading that arrives after later ones, though nothing had put it off", async () => {
    let held: WorldEvent | undefined;
    let n = 0;
    const late = await run(scriptOf(), {
      tamper: (event) => {
        if (!isStoredReading(event)) return event;
        n += 1;
        if (n === 4) {
          held = event;
          return undefined;
        }
        if (n !== 8) return event;
        // In place of the eighth, whose own arrival is planted to be the fourth's.
        return { ...held, time: event.time } as WorldEvent;
      },
    });
    expect(broken(late)).toContain("order");
  });

  test("command: one that is executed again after a restart, and one that nobody sent", async () => {
    const commands: Fault[] = [{ at: hour, kind: "commands", lasting: 0, amount: 3 }];
    let first: string | undefined;
    const again = await run(scriptOf(commands), {
      tamper: (event) => {
        if (event.source !== "device") return event;
        if (event.text.startsWith("command: executed ")) first ??= event.text;
        const later = event.time > 2 * hour && event.text.startsWith("agent: idle");
        return first !== undefined && later ? { ...event, text: first } : event;
      },
    });
    expect(again.commands).toBeGreaterThan(3);
    expect(first).toBeDefined();
    expect(broken(again)).toContain("command");
    const strange = await run(scriptOf(commands), {
      tamper: insteadOf(/^agent: idle/, "command: executed kind=set id=77 code=200"),
    });
    expect(broken(strange)).toEqual(["command"]);
    expect(strange.violations[0].sentence).toBe("the device executed a command 77 that nobody sent");
  });

  test("command: only a boot that was cut short may have kept an outcome and not told of it", async () => {
    const commands: Fault = { at: hour, kind: "commands", lasting: 0, amount: 1 };
    const cut: Fault = { at: 1.5 * hour, kind: "power-cut", lasting: 3_000, amount: 0 };
    const tamper = (event: WorldEvent): WorldEvent =>
      event.source === "device" && event.time < 1.5 * hour
        ? { ...event, text: event.text.replace("command: executed", "command: repeated") }
        : event;
    expect(broken(await run(scriptOf([commands]), { tamper }))).toEqual(["command"]);
    expect(broken(await run(scriptOf([commands, cut]), { tamper }))).toEqual([]);
  });

  test("command: one whose answer never comes", async () => {
    const result = await run(scriptOf([{ at: hour, kind: "commands", lasting: 0, amount: 8 }]), {
      tamper: (event) =>
        event.source === "cloud" && event.event.type === "command-answered" ? undefined : event,
    });
    expect(broken(result)).toContain("command");
    expect(result.answered).toBe(0);
  });

  test("command: what the operator asks for again and again, and never gets", async () => {
    const lost = (event: WorldEvent): WorldEvent => {
      if (event.source !== "cloud" || event.event.type !== "command-answered") return event;
      return { ...event, event: { ...event.event, type: "command-timed-out" } };
    };
    const result = await run(scriptOf([{ at: hour, kind: "commands", lasting: 0, amount: 2 }]), {
      tamper: lost,
    });
    expect(broken(result)).toContain("command");
    expect(result.answered).toBe(0);
    // Each was asked for anew, under another id.
    expect(result.commands).toBeGreaterThan(20);
  });

  test("late: a device that panics again when it is helped out of a safe start has another day of it", async () => {
    const panics: Fault[] = [{ at: 2 * hour, kind: "engine-panic", lasting: 0, amount: 5 }];
    const result = await run(scriptOf(panics, { interval: 60, batch: 5 }));
    expect(broken(result)).toEqual([]);
    expect(result.worstDelay).toBeGreaterThan(26 * hour);
  });

  test("message: a loss that nothing explains, and tags that never arrive", async () => {
    const messages: Fault[] = [{ at: hour, kind: "messages", lasting: 0, amount: 8 }];
    const good = await run(scriptOf(messages));
    expect(good.violations).toEqual([]);
    expect(good.messages).toBe(8);
    const dropped = await run(scriptOf(messages), {
      tamper: insteadOf(/^agent: idle/, "message: dropped id=9 reason=full"),
    });
    expect(broken(dropped)).toEqual(["message"]);
    const lost = await run(scriptOf(messages), {
      tamper: (event) => {
        const stored =
          event.source === "cloud" && event.event.type === "stored" && event.event.kind === "tags";
        return stored ? undefined : event;
      },
    });
    expect(broken(lost)).toEqual(["message"]);
  });

  test("time: a reading that is stored without one long after", async () => {
    const outage: Fault[] = [{ at: hour, kind: "coverage-outage", lasting: hour, amount: 0 }];
    const result = await run(scriptOf(outage), {
      tamper: (event) => {
        if (!isStoredReading(event) || event.event.type !== "stored") return event;
        return { ...event, event: { ...event.event, time: undefined } } as WorldEvent;
      },
    });
    expect(broken(result)).toContain("time");
    expect(JSON.stringify(result.violations)).toContain("is stored without a time");
  });

  test("time: after hours in which the application gave no values a board in deep sleep may be off by its drift", async () => {
    const silent: Fault[] = [{ at: hour, kind: "application-fails", lasting: 5 * hour, amount: 2 }];
    const script = { ...scriptOf(silent, { sleep: "deep", format: "json" }), seed: 3, hours: 8 };
    expect(broken(await run(script))).toEqual([]);
    const result = await run(script, {
      tamper: (event) => {
        if (!isStoredReading(event) || event.event.type !== "stored" || event.time < 6 * hour) return event;
        const { time } = event.event;
        return { ...event, event: { ...event.event, time: time! + 120_000 } } as WorldEvent;
      },
    });
    expect(broken(result)).toEqual(["time"]);
  });

  test("time: a board in deep sleep may be off by its drift since it was last told a time that is right", () => {
    const script = scriptOf([], { sleep: "deep" });
    const acknowledged = new Map([1, 2, 3].map((n) => [n, n * hour]));
    const told = (errors: readonly number[]) =>
      errors.map((error, i) => ({ at: (i + 1) * hour, error, asked: true }));
    const allowed = (...errors: number[]): number =>
      driftSince(4 * hour, { acknowledged, tellings: told(errors) }, script);
    const awake = driftSince(4 * hour, { acknowledged, tellings: [] }, scriptOf());
    expect(awake).toBe(0);
    expect(allowed(0, 400, -900)).toBe(3_000 + sleepDrift * hour);
    expect(allowed(0, 400, 840_000)).toBe(3_000 + sleepDrift * 2 * hour);
    expect(allowed(0, -840_000, -15 * 365 * 24 * hour)).toBe(3_000 + sleepDrift * 3 * hour);
  });

  test("late: what waited arrives hours after the trouble", async () => {
    const outage: Fault[] = [{ at: hour, kind: "coverage-outage", lasting: hour, amount: 0 }];
    const result = await run(scriptOf(outage), {
      tamper: (event) => {
        if (!isStoredReading(event)) return event;
        // What was taken in the outage, whenever the radio's pauses let it go: what is sent at once says no time.
        const { time = Infinity } = event.event;
        const late = event.time > 2 * hour && time < Date.UTC(2026, 0, 1) + 2 * hour;
        return late ? { ...event, time: event.time + 3 * hour } : event;
      },
    });
    expect(broken(result)).toContain("late");
  });

  test("order: a reading may be overtaken only where the cloud refused it or flash did not give it", () => {
    const ending = { script: scriptOf() } as unknown as Ending;
    const judged = (...lines: string[]): string[] => {
      const books = new Ledger("secret", scriptOf().device);
      for (const text of lines) books.hear({ source: "device", time: 1.5 * hour, text } as WorldEvent);
      const stored = (id: number, at: number): [number, Stored[]] => [id, [{ at } as Stored]];
      for (const id of [1, 2]) books.taken.set(id, { id, at: id * hour, boot: 1 } as unknown as Taken);
      const found: string[] = [];
      judgePace(books, ending, new Map([stored(1, 3 * hour), stored(2, 2.5 * hour)]), (rule) =>
        found.push(rule),
      );
      return found;
    };
    expect(judged()).toEqual(["order"]);
    expect(judged("journal: block 3 left-out")).toEqual(["order"]);
    expect(judged("journal: block 3 unreadable readings=1")).toEqual([]);
  });

  test("late: a guarded device may miss one of its seldom contacts, and no more", () => {
    const outage: Fault = { at: hour, kind: "coverage-outage", lasting: hour, amount: 0 };
    const ending = { script: scriptOf([outage]), campaign: {} } as unknown as Ending;
    const judged = (after: number, guarded: boolean): string[] => {
      const books = new Ledger("secret", scriptOf().device);
      const line = "radio: guarded strangers=1s exchanges=233s until=86400s";
      if (guarded) books.hear({ source: "device", time: hour, text: line } as WorldEvent);
      const reading = { id: 7, at: 1.9 * hour, values: {}, boot: 1, held: false };
      books.taken.set(7, reading as unknown as Taken);
      const copies = new Map([[7, [{ at: 2 * hour + after } as Stored]]]);
      const found: string[] = [];
      judgePace(books, ending, copies, (invariant) => found.push(invariant));
      return found;
    };
    expect(judged(2.5 * hour, false)).toEqual(["late"]);
    expect(judged(2.5 * hour, true)).toEqual([]);
    expect(judged(3 * hour, true)).toEqual(["late"]);
  });

  test("late: a command is answered the next day only by a device that says that it has fetched its day's", () => {
    const script = scriptOf();
    const proof = { at: 4 * hour, answeredAt: 16 * hour };
    const ending = { script, campaign: { proof } } as unknown as Ending;
    const judged = (...lines: string[]): string[] => {
      const books = new Ledger("secret", script.device);
      for (const text of lines) books.hear({ source: "device", time: 5 * hour, text } as WorldEvent);
      const found: string[] = [];
      judgePace(books, ending, new Map(), (invariant) => found.push(invariant));
      return found;
    };
    expect(judged()).toEqual(["late"]);
    expect(judged('session: downlink ignored reason="enough commands for now"')).toEqual(["late"]);
    expect(judged('session: downlink ignored reason="enough commands for today"')).toEqual([]);
  });

  test.each([
    '+CCLK: "26/01/02,00:00:10+32"',
    "+CLTS: 26/01/02,00:00:10+32,1",
    '*PSUTTZ: 2026,1,2,0,0,10,"+8",0',
    '+CTZE: "+8",0,"2026/01/02,00:00:10"',
    '+CTZEU: "+8",1,"2026/01/02,00:00:10"',
  ])("time: one that is wrong as the modem has told it, %s", (text) => {
    const books = new Ledger("secret", scriptOf().device);
    books.hear({ source: "at", direction: "modem", time: 10_000, text } as WorldEvent);
    expect(books.tellings).toEqual([{ at: 10_000, error: 24 * hour, asked: text.startsWith("+CCLK") }]);
  });

  test("energy: a modem that never sleeps though it can", async () => {
    const result = await run(
      { ...scriptOf(), hours: 24 },
      { tamper: (event) => (event.source === "modem" && event.event.type === "psm" ? undefined : event) },
    );
    expect(broken(result)).toContain("energy");
  });

  test.each([
    { what: "no pause", lines: [], excuse: hour },
    { what: "a pause of six hours", lines: ["modem: down reason=denied retry=21600s"], excuse: 5 * hour },
    {
      what: "one that was cut short",
      lines: ["modem: down reason=no-answer retry=21600s", "modem: starting"],
      excuse: hour,
    },
    {
      what: "the rest of a day whose budget is spent",
      lines: ['radio: off reason="budget spent" spent=5400s resumes=28800s'],
      excuse: 7 * hour,
    },
    {
      what: "a guard, in which the modem is looked at where the next contact is far off",
      lines: ["radio: guarded strangers=41s exchanges=0s until=86400s"],
      excuse: 4.5 * hour,
    },
  ])("energy: what a restart that nobody hears excuses, in $what", ({ lines, excuse }) => {
    const device = { interval: 900, batch: 4, sleep: "deep" } as const;
    const restart = { at: 5 * hour, kind: "modem-reboot", lasting: 0, amount: 0 } as const;
    const allowed = (faults: readonly Fault[], sleep: "deep" | "none"): number => {
      const script = { ...scriptOf(faults, { ...device, sleep }), hours: 24 };
      const books = new Ledger("secret", script.device);
      for (const text of lines) books.hear({ source: "device", time: 4 * hour, text } as WorldEvent);
      books.radio.hear({ type: "power", time: 0, state: "on", reason: "" });
      books.radio.end(24 * hour);
      const ending = { endedAt: 24 * hour, operator: { sent: new Map() } } as unknown as CampaignEnding;
      expect(books.unreadable).toEqual([]);
      return spending(books, script, ending)[0].allowed;
    };
    const perTrouble = allowed([restart], "none") - allowed([], "none");
    expect(allowed([restart], "deep") - allowed([], "deep") - perTrouble).toBe(excuse);
  });

  test("memory, wear: an engine that holds too much, and a journal that is erased for nothing", () => {
    const books = new Ledger("secret", scriptOf().device);
    const found: string[] = [];
    const slots = { slotsAtStart: 43_800, liveSlots: 45_400 };
    const ending = { erases: [1, 90, 1, 1], ...slots, application: { posted: new Map() } };
    judgeThrift(books, scriptOf(), ending as unknown as CampaignEnding, (invariant) => found.push(invariant));
    expect(found.sort()).toEqual(["memory", "wear", "wear"]);
    found.length = 0;
    const good = { ...ending, erases: [1, 2], liveSlots: 44_500 };
    judgeThrift(books, scriptOf(), good as unknown as CampaignEnding, (invariant) => found.push(invariant));
    expect(found).toEqual([]);
  });
});
