/** Each family's modem is sent something by a stranger while the answer to a request is on its way. */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard, server } from "./simulated-board";
import type { Endpoint } from "../../../host-sim/sim/radio/link";

const second = 1_000;
const minute = 60 * second;
const request = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const answer = Uint8Array.of(8, 7, 6, 5);
const noise = Uint8Array.of(0x40, 0, 0, 1);

/** Their sockets take what anybody sends, and say who it was. */
const unconnected = ["bc95", "sara-n2", "sara-r4", "sara-r5"];
/** It pushes what it receives: a line that is lost is a datagram that is lost. */
const pushes = ["sim7020"];

/** The stranger's address, or the server's that he has written on his datagram. */
const senders: readonly (readonly [string, Endpoint])[] = [
  ["of an address of his own", { address: "198.51.100.9", port: 5683 }],
  ["of another port", { address: server.address, port: 5684 }],
  ["with the server's address on it", server],
];

const arrivals = (board: SimulatedBoard): number =>
  board.events.filter(({ type }) => type === "receive").length;

/** What the modem went through since then. */
const wakes = (board: SimulatedBoard, from: number): number =>
  board.events.filter(({ type, time }) => type === "psm" && time > from).length;

describe.each([...families.keys()])("%s", (family) => {
  /** A board that is up and has had an answer; the last datagram of the server's stays away from now on. */
  async function boardUp(): Promise<SimulatedBoard> {
    const board = new SimulatedBoard({ seed: 11, family });
    await board.exchange(request);
    board.cell.onUplink = (bytes, peer) => {
      board.arrived.push(bytes);
      board.peers.push(peer);
    };
    await board.until(() => board.modem.state === "psm" && board.driver.state === "asleep", 5 * minute);
    await board.pass(minute);
    // Quick enough for all to come before the first look.
    board.cell.slowdown = 0.2;
    board.returned.length = 0;
    return board;
  }

  /** The request goes out, and has reached the server. */
  async function sent(board: SimulatedBoard): Promise<Endpoint> {
    const before = board.arrived.length;
    board.send(request);
    await board.until(() => board.arrived.length > before, minute);
    return board.peers.at(-1)!;
  }

  it.each(senders)(
    "a datagram %s in front of the answer leaves it looked for, though its hint is lost",
    async (_, from) => {
      const board = await boardUp();
      const start = board.clock.now;
      const peer = await sent(board);
      const heard = arrivals(board);
      board.cell.injectDownlink(noise, peer, from);
      await board.until(() => arrivals(board) > heard, second);
      await board.pass(500);
      // As CoAP's endpoint does with what is no answer to any request.
      if (board.returned.length > 0) board.awaitAnswer();
      expect(board.returned.length > 0).toBe(from === server);
      const got = arrivals(board);
      if (!pushes.includes(family)) board.modem.urcs = { lose: 1, double: 0 };
      board.cell.sendDownlink(answer, peer);
      expect(await board.until(() => arrivals(board) > got, second), board.history()).toBe(true);
      const there = (): boolean => board.returned.some(({ bytes }) => bytes.join() === answer.join());
      expect(await board.until(there, 10 * second), board.history()).toBe(true);
      // It goes to sleep as ever, and was woken once.
      board.modem.urcs = { lose: 0, double: 0 };
      expect(await board.until(() => board.modem.state === "psm", 5 * minute), board.history()).toBe(true);
      await board.pass(20 * minute);
      expect(wakes(board, start)).toBe(2);
      expect(board.arrived).toHaveLength(2);
    },
  );

  it("whoever does not judge what he is given is not kept waiting by it", async () => {
    const board = await boardUp();
    const peer = await sent(board);
    board.cell.sendDownlink(answer, peer);
    expect(await board.until(() => board.returned.length > 0, 3 * second)).toBe(true);
    await board.pass(second);
    board.lines.length = 0;
    await board.pass(70 * second);
    expect(board.lines.filter((line) => line.startsWith(">"))).toEqual([]);
  });

  it.runIf(unconnected.includes(family))("says who has sent it", async () => {
    const board = await boardUp();
    const peer = await sent(board);
    board.cell.injectDownlink(noise, peer, { address: "198.51.100.9", port: 5683 });
    await board.pass(3 * second);
    expect(board.lines.some((line) => line.startsWith("<") && line.includes("198.51.100.9"))).toBe(true);
    expect(board.returned).toEqual([]);
  });
});
