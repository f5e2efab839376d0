/** Single terms of the meter, each on the few events that it needs. */
import { describe, expect, test } from "vitest";
import { EnergyMeter } from "../../../../host-sim/inspect/energy/meter";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { uplink } from "./uplink";
import type { BoardClock } from "../../../../host-sim/inspect/energy/profile";
import type { EnergyAccount, PowerStep } from "../../../../host-sim/inspect/energy/meter";
import type { ModemEvent } from "../../../../host-sim/sim/modem/modem-event";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

const profile = profiles.field;

function played(events: readonly WorldEvent[], end: number, clock?: Partial<BoardClock>) {
  const steps: PowerStep[] = [];
  const meter = new EnergyMeter(profile, {
    coverage: 0,
    ...(clock === undefined ? {} : { clock }),
    onStep: (step) => steps.push(step),
  });
  for (const event of events) meter.hear(event);
  return { steps, account: meter.finish(end) };
}

const board = (time: number, what: (WorldEvent & { source: "board" })["what"]): WorldEvent => ({
  time,
  source: "board",
  what,
  text: "",
});
const turn = (time: number, ms: number): WorldEvent => ({
  time,
  source: "processor",
  kind: "timer",
  compute: 1,
  ms,
});
const modem = (event: ModemEvent): WorldEvent => ({ time: event.time, source: "modem", event });
const rrc = (time: number, state: "connected" | "idle"): WorldEvent => modem({ type: "rrc", time, state });
const psm = (time: number): WorldEvent => modem({ type: "psm", time, state: "enter" });
const sent = (time: number, length: number): WorldEvent => uplink(time, length, 800);
const ms = ({ byState }: EnergyAccount, state: string): number => byState[state]?.ms ?? 0;

describe("the board", () => {
  const wake = [
    board(0, "asleep"),
    board(1_000, "starting"),
    board(1_500, "awake"),
    turn(1_500, 200),
    turn(2_000, 50),
    board(2_500, "asleep"),
  ];

  test("starts, computes, waits and sleeps, each for its time", () => {
    const { account } = played(wake, 3_000);
    expect(ms(account, "board deep sleep")).toBe(1_500);
    expect(ms(account, "board starting")).toBe(500);
    expect(ms(account, "board running")).toBe(250);
    expect(ms(account, "board waiting")).toBe(750);
    expect(account.byCause["board starting"]).toBeCloseTo(0.5 * profile.board.starting.value, 12);
    expect(account.byCause["board running"]).toBeCloseTo(0.25 * profile.board.running160.value, 12);
  });

  test("computes and waits at the clock that it has", () => {
    const at = (clock: Partial<BoardClock>): Record<string, number> =>
      played(wake, 3_000, clock).account.byCause;
    const { running80, waiting80, waiting240 } = profile.board;
    expect(at({ megahertz: 80 })["board running"]).toBeCloseTo(0.25 * running80.value, 12);
    expect(at({ megahertz: 240, waiting: "awake" })["board waiting"]).toBeCloseTo(
      0.75 * waiting240.value,
      12,
    );
    for (const waiting of ["slow", "light-sleep"] as const) {
      expect(at({ megahertz: 240, waiting })["board waiting"]).toBeCloseTo(0.75 * waiting80.value, 12);
    }
  });

  test("sleeps lightly from when it says so until it says that this is over", () => {
    const { account } = played(
      [
        board(0, "awake"),
        board(1_000, "light sleep"),
        board(4_000, "light sleep over"),
        board(5_000, "asleep"),
      ],
      5_000,
    );
    expect(ms(account, "board light sleep")).toBe(3_000);
    expect(ms(account, "board waiting")).toBe(2_000);
    expect(account.byCause["board waiting"]).toBeCloseTo(
      3 * profile.board.lightSleep.value + 2 * profile.board.waiting80.value,
      12,
    );
  });
});

describe("the modem", () => {
  test("boots out of PSM at the boot's power, and not at PSM's", () => {
    const { account } = played(
      [
        psm(0),
        modem({ type: "power", time: 10_000, state: "booting", reason: "PSM" }),
        modem({ type: "psm", time: 12_000, state: "exit", reason: "key" }),
      ],
      12_500,
    );
    expect(ms(account, "modem psm")).toBe(10_000);
    expect(account.byCause["modem boot"]).toBeCloseTo(2 * profile.modem.boot.value, 12);
    expect(ms(account, "modem idle")).toBe(500);
  });

  test("stays connected behind a one-way datagram for as long as the network waits, access and air time first", () => {
    const access = profile.radio.access[0].value;
    const air = (8_000 * 228) / profile.radio.uplink[0].value;
    const { account, steps } = played(
      [rrc(1_000, "connected"), sent(1_000, 200), rrc(1_500, "idle"), psm(3_500)],
      10_000,
    );
    expect(ms(account, "modem access")).toBeCloseTo(access, 6);
    expect(ms(account, "modem transmit")).toBeCloseTo(air, 6);
    expect(ms(account, "modem connected")).toBeCloseTo(500, 6);
    // T3324 is counted from the release.
    expect(ms(account, "modem idle")).toBeCloseTo(2_000, 6);
    expect(steps.at(-1)).toMatchObject({ state: "psm", time: 1_000 + access + air + 2_500 });
  });

  test("is where it was in time once it has slept", () => {
    const { steps } = played(
      [
        rrc(1_000, "connected"),
        sent(1_000, 200),
        rrc(1_500, "idle"),
        psm(3_500),
        modem({ type: "psm", time: 60_000, state: "exit", reason: "key" }),
        psm(70_000),
      ],
      80_000,
    );
    expect(steps.slice(-2).map(({ state, time }) => [state, time])).toEqual([
      ["idle", 60_000],
      ["psm", 70_000],
    ]);
  });

  test("pays for a tracking area update's messages, not only for the connection", () => {
    const { account } = played([psm(0), rrc(1_000, "connected"), rrc(3_000, "idle"), psm(3_000)], 5_000);
    const { transmit10, receive, connected } = profile.modem;
    const up = (8 * profile.radio.update.value) / profile.radio.uplink[0].value;
    const down = (8 * profile.radio.update.value) / profile.radio.downlink[0].value;
    const set = profile.radio.access[0].value / 1_000;
    expect(account.byCause["tracking area update"]).toBeCloseTo(
      (set * (transmit10.value + receive.value)) / 2 +
        up * transmit10.value +
        down * receive.value +
        (2 - set - up - down) * connected.value,
      9,
    );
  });

  test("is connected by a datagram that no socket of it takes, for that and not for an update", () => {
    const { account } = played(
      [
        rrc(1_000, "connected"),
        modem({ type: "dropped", time: 1_000, what: "datagram", reason: "no socket" }),
        rrc(21_000, "idle"),
      ],
      21_000,
    );
    expect(account.byCause["tracking area update"]).toBeUndefined();
    expect(account.byCause.other).toBeGreaterThan(20 * profile.modem.connected.value * 0.9);
  });
});
