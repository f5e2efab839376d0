/** Command lines of the user's own, as the driver says them. */
import { describe, expect, it } from "vitest";
import { refusedInit } from "../../../../firmware/modem/driver/init-lines";
import { families } from "../../../../firmware/modem/family/index";
import { SerialWriter } from "../../../../firmware/modem/driver/serial-writer";
import { asciiText } from "../../../../firmware/text/ascii";
import { SimulatedBoard } from "../simulated-board";
import { ScriptedModem } from "../scripted-modem";

const minute = 60_000;

describe("own lines", () => {
  it("are said behind the driver's own settings and before the radio is on", async () => {
    const modem = new ScriptedModem({ init: ["AT+CNBS=1", "AT+CSCLK=0"] });
    await modem.up();
    const said = modem.take();
    const at = said.indexOf("AT+CNBS=1");
    expect(at).toBeGreaterThan(said.indexOf("AT+CEREG=5"));
    expect(said[at + 1]).toBe("AT+CSCLK=0");
    expect(said.indexOf("AT+CFUN=1")).toBeGreaterThan(at);
  });

  it.each([
    ["refused", ["ERROR"]],
    ["refused with a code", ["+CME ERROR: 50"]],
    ["not answered", []],
    ["answered with lines of its own", ["+CNBS: 1", "whatever", "OK"]],
  ])("hold nothing up when they are %s", async (_, answer) => {
    const modem = new ScriptedModem({ init: ["AT+CNBS=1,s3cret"] });
    modem.answer(/CNBS/, answer);
    modem.connect();
    expect(await modem.until(() => modem.driver.ready, 2 * minute)).toBe(true);
    expect(modem.stateTexts).toEqual(["up"]);
    expect(modem.log.join("\n")).not.toContain("s3cret");
  });

  it("are said again to a modem that has forgotten them in its sleep", async () => {
    const board = new SimulatedBoard({ seed: "init", family: "bg95", driver: { init: ["AT+CMGF=1"] } });
    await board.up();
    await board.exchange(Uint8Array.of(0), 5 * minute);
    expect(await board.until(() => board.driver.state === "asleep", 10 * minute), board.log.join("\n")).toBe(
      true,
    );
    await board.exchange(Uint8Array.of(1), 5 * minute);
    expect(board.lines.filter((line) => line === "> AT+CMGF=1")).toHaveLength(2);
  });
});

it("one that is not answered has its time once, and not at each wake that is a start", async () => {
  let write: ((bytes: Uint8Array) => void) | undefined;
  const tried: number[] = [];
  const swallow = (bytes: Uint8Array): void => {
    if (asciiText(bytes).startsWith("AT+CMGF")) tried.push(board.clock.now);
    else write?.(bytes);
  };
  const board: SimulatedBoard = new SimulatedBoard({
    seed: "silent",
    family: "bg95",
    driver: { init: ["AT+CMGF=1"], write: (bytes) => swallow(bytes) },
  });
  const wire = (): void => {
    const writer = new SerialWriter(board.uart.board, 64);
    board.uart.board.onWritable = (free) => writer.onWritable(free);
    write = (bytes) => writer.write(bytes);
  };
  wire();
  await board.exchange(Uint8Array.of(0), 5 * minute);
  expect(tried.length).toBe(1);
  for (let i = 1; i < 3; i++) {
    await board.until(() => board.modem.state === "psm", 5 * minute);
    const memory = [...board.driver.remembered!];
    board.restart();
    await board.pass(20 * minute);
    board.restart(memory);
    wire();
    const since = board.clock.now;
    await board.exchange(Uint8Array.of(i), 5 * minute);
    expect(board.clock.now - since, board.history()).toBeLessThan(28_000);
  }
  expect(tried.length).toBe(1);
});

it("what the driver itself says to a modem is refused, or harmless", async () => {
  // The list is held to what the drivers send: sockets, sleep, context and registration are all in it.
  for (const { name } of families) {
    const board = new SimulatedBoard({ seed: "own", family: name });
    await board.up();
    await board.exchange(Uint8Array.of(1, 2, 3), 5 * minute);
    const sent = board.lines.filter((line) => line.startsWith("> AT")).map((line) => line.slice(2));
    const sockets =
      /\+(CSOC|CSOCON|CSOCL|CSOSEND|CAOPEN|CACLOSE|CASEND|CIPSTART|CIPSEND|QIOPEN|QICLOSE|QISEND|QISENDEX|USOCR|USOCL|USOST|NSOCR|NSOCL|NSOST|NSOSTF|CPSMS|CEREG|CFUN|CMEE)=/;
    for (const line of sent) {
      if (sockets.test(line)) expect(refusedInit(line), `${name}: ${line}`).toBeDefined();
    }
  }
});
