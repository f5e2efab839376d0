/**
 * Trials, and that each rule can be broken: a violation is planted in what the books get to see.
 */
import { describe, expect, test } from "vitest";
import { faultKinds, kinds as kindTable } from "../../../../host-sim/tools/chaos/kinds";
import { density } from "../../../density";
import { broken, hour, insteadOf, isStoredReading, minute, nthStored, run, scriptOf } from "./planted";
import type { Fault } from "../../../../host-sim/tools/chaos/script";
import type { Invariant } from "../../../../host-sim/tools/chaos/rules/rule";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

describe("a trial without faults", () => {
  test("breaks no rule, and delivers all within seconds", async () => {
    const result = await run(scriptOf());
    expect(result.violations).toEqual([]);
    expect(result.readings).toBeGreaterThan(35);
    expect(result.delivered).toBe(result.readings);
    expect(result.losses).toEqual({});
    expect(result.worstDelay).toBeLessThan(5 * minute);
    expect(result.busiestHour).toBeGreaterThan(100);
  });

  test("is the same each time", async () => {
    const script = scriptOf([{ at: hour, kind: "loss", lasting: hour, amount: 0.4 }]);
    expect(await run(script)).toEqual(await run(script));
  });

  test("a network that loses much by itself does so again once a fault is over", async () => {
    const fates: string[] = [];
    const script = scriptOf([{ at: 30 * minute, kind: "loss", lasting: 30 * minute, amount: 0.05 }], {
      loss: 0.4,
      interval: 60,
    });
    const { violations } = await run(script, {
      onEvent: (event) => {
        if (event.source === "air" && event.time > hour) fates.push(event.report.fate);
      },
    });
    expect(violations).toEqual([]);
    // Level 0 loses 1 %.
    expect(fates.filter((fate) => fate === "lost").length / fates.length).toBeGreaterThan(0.25);
  });
});

describe("each rule, broken on purpose, is found", () => {
  const altered = nthStored(4, (event, stored) => {
    const points = { ...(stored as { points: object }).points, temperature: 99 };
    return { ...event, event: { ...stored, points } } as WorldEvent;
  });
  const late = nthStored(4, (event, stored) => {
    const time = Date.UTC(2026, 0, 1) + event.time + 60_000;
    return { ...event, event: { ...stored, time } } as WorldEvent;
  });
  const stranger = nthStored(4, (event, stored) => {
    return { ...event, event: { ...stored, id: "1", points: { temperature: 1 } } } as WorldEvent;
  });

  test.each<[Invariant, string, (event: WorldEvent) => WorldEvent | undefined, RegExp]>([
    ["lost", "a reading that the cloud never stored", nthStored(4, () => undefined), /the cloud has it not/],
    ["altered", "a value that has changed", altered, /is stored as|and stored as/],
    ["altered", "a reading that nobody took", stranger, /that the device never took/],
    ["time", "a time that is a minute beside the true one", late, /beside that/],
    [
      "fault",
      "an exception in the firmware",
      insteadOf(/^agent: idle/, "fault: x is undefined"),
      /"fault: x is undefined"/,
    ],
    [
      "fault",
      "a state of the modem's driver that may not follow",
      insteadOf(/^agent: idle/, "modem: illegal transition from=up to=configuring"),
      /"modem: illegal transition from=up to=configuring"/,
    ],
    [
      "dropped",
      "a reading dropped with the journal empty",
      insteadOf(/^report: acknowledged/, "report: dropped id=ID reason=full"),
      /./,
    ],
  ])("%s: %s", async (invariant, _what, tamper, sentence) => {
    let id = "";
    let storings = 0;
    const result = await run(scriptOf(), {
      tamper: (event) => {
        const seen = tamper(event);
        if (invariant !== "dropped") return seen;
        // A drop is one only if the cloud has not got the reading. The first two come under the id of their message.
        if (isStoredReading(event) && ++storings === 3) {
          id = event.event.id;
          return undefined;
        }
        return seen?.source === "device" ? { ...seen, text: seen.text.replace("id=ID", `id=${id}`) } : seen;
      },
    });
    expect(broken(result)).toContain(invariant);
    expect(result.violations.find((each) => each.invariant === invariant)!.sentence).toMatch(sentence);
  });

  test("twice: a reading that is stored once more under another request", async () => {
    let first: WorldEvent | undefined;
    let doubled = false;
    const result = await run(scriptOf(), {
      tamper: (event) => {
        if (!isStoredReading(event)) return event;
        first ??= event;
        if (doubled || first === event) return event;
        doubled = true;
        return { ...first, time: event.time } as WorldEvent;
      },
    });
    const twice = result.violations.find(({ invariant }) => invariant === "twice");
    expect(twice?.sentence).toMatch(/is stored 2 times/);
  });

  test("haste: two datagrams in a row without one received", async () => {
    const result = await run(scriptOf(), {
      tamper: (event) => {
        if (event.source !== "modem") return event;
        return event.event.type === "receive" ? undefined : { ...event, time: 1_000 };
      },
    });
    expect(broken(result)).toContain("haste");
  });

  test("restart: the board started anew without the supervisor's word", async () => {
    let done = false;
    const result = await run(scriptOf(), {
      tamper: (event) => {
        if (done || event.source !== "device" || !event.text.startsWith("modem: ")) return event;
        done = true;
        return { time: event.time, source: "board", what: "restarted", text: "exception: TypeError" };
      },
    });
    expect(broken(result)).toEqual(["restart"]);
    expect(result.violations[0].sentence).toContain("exception: TypeError");
  });

  test("secret: a token in the log, which the violation does not repeat", async () => {
    let token = "";
    const result = await run(scriptOf(), {
      tamper: (event) => {
        if (event.source === "air" && event.report.direction === "down") {
          const text = Buffer.from(event.report.bytes).toString("latin1");
          token ||= /"token":"([0-9a-f]+)"/.exec(text)?.[1] ?? "";
        }
        const idle = event.source === "device" && event.text.startsWith("agent: idle");
        return idle && token !== "" ? { ...event, text: `session: token ${token}` } : event;
      },
    });
    expect(token).not.toBe("");
    expect(broken(result)).toContain("secret");
    expect(JSON.stringify(result)).not.toContain(token);
  });

  test("waiting, offline: a device whose network never comes back", async () => {
    // Longer than the script, which a drawn one never is.
    const result = await run(scriptOf([{ at: hour, kind: "cloud-down", lasting: 1_000 * hour, amount: 0 }]));
    expect(broken(result).sort()).toEqual(["offline", "waiting"]);
  });
});

describe("each kind of fault by itself", () => {
  const amounts: Partial<Record<Fault["kind"], number>> = {
    "coverage-level": 2,
    loss: 0.4,
    "slow-network": 5,
    duplication: 0.5,
    "attach-denial": 15,
    "cloud-errors": 1,
    "modem-brownout": 100,
    "modem-slow": 2,
    "urc-loss": 0.4,
    "urc-doubling": 0.5,
    "uart-garbage": 100,
    "uart-overrun": 60,
    "uart-corruption": 10,
    "clock-error": 7_200_000,
    "power-cut-in-write": 3,
    "flash-bit-errors": 2,
  };
  const momentary = /reboot|deaf|rebind|cloud-restart|brownout|gone|uart|flash/;

  // From forged answers the protocol protects no reading.
  const harmless = faultKinds.filter((kind) => kind !== "forgery");
  const kinds = density(
    harmless,
    harmless.filter((_, index) => index % 2 === 0),
  );
  test.each(kinds)("%s costs no reading", async (kind) => {
    const lasting = momentary.test(kind) ? 0 : 20 * minute;
    const struck: string[] = [];
    const sealed = kindTable[kind].sealedOnly === true ? { sealed: true as const } : {};
    const script = scriptOf([{ at: hour, kind, lasting, amount: amounts[kind] ?? 0 }], sealed);
    const result = await run(script, {
      onFault: (fault) => struck.push(fault.kind),
    });
    expect(struck).toEqual([kind]);
    // What follows too fast is judged over whole campaigns: here it is the readings that count.
    const serious = result.violations.filter(({ invariant }) => invariant !== "haste");
    expect(serious).toEqual([]);
    expect(result.faults).toEqual({ [kind]: 1 });
    // Somebody who changes a board's settings takes its power away, too.
    const isCut = kind.startsWith("power-cut") || kind === "server-change" || kind === "image-restored";
    expect(result.powerCuts).toBe(isCut ? 1 : 0);
    const { damaged = 0, corrupt = 0 } = result.losses;
    expect(result.delivered + damaged + corrupt).toBeGreaterThanOrEqual(result.readings);
  });

  test("two of one kind that overlap end with the later one", async () => {
    const outages: Fault[] = [
      { at: hour, kind: "coverage-outage", lasting: hour, amount: 0 },
      { at: hour + 10 * minute, kind: "coverage-outage", lasting: 10 * minute, amount: 0 },
    ];
    const lost: number[] = [];
    await run(scriptOf(outages), {
      onEvent: (event) => {
        if (event.source === "cloud" && event.event.type === "stored") lost.push(event.time);
      },
    });
    expect(lost.filter((time) => time > hour + minute && time < 2 * hour)).toEqual([]);
    expect(lost.some((time) => time > 2 * hour)).toBe(true);
  });
});
