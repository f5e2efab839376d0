/** The player of sessions: that a session which does not come true fails, and says where. */
import { describe, expect, it } from "vitest";
import { parseSession } from "./session-file";
import { SessionPlayer } from "./session-player";

const usual = `kind example
source this test
`;

const play = (text: string): Promise<void> =>
  new SessionPlayer("bg95", parseSession(`${usual}${text}`, "test.txt")).play();

describe("a session", () => {
  it("comes true", () =>
    play(`! connect
= up
took 1000 60000
! send 40011234
= sent 40011234
wrote AT+QISENDEX=* x1
never denied
unwritten AT+CFUN=1,1`));

  it.each([
    ["what does not come", "! connect\n= down denied"],
    ["what comes in another order", "! connect\n= up\n= imei 860000000000017"],
    ["a line that is not in the log", "! connect\n= log no such line"],
    ["what takes longer or shorter", "! connect\n= up\ntook 100000 200000"],
    ["what is not said, or more often", "! connect\n= up\nwrote AT+CMEE=1 x2"],
    ["what is said more often than it may be", "! connect\n= up\nwrote AT+QCFG=* upto 1"],
    ["what was never to come", "! connect\n= up\nnever registered"],
    ["what was never to be said", "! connect\n= up\nunwritten AT+QIACT=1"],
    ["a datagram that is not asked for", "! connect\n= up\n! send 40011234\n= received 40011234"],
  ])("fails for %s", async (_, text) => {
    await expect(play(text)).rejects.toThrow("test.txt:");
  });

  it.each([
    ["a word of its own", "say OK"],
    ["an answer to nothing", "< OK"],
    ["a time that is none", "at soon"],
  ])("is refused for %s, with the line", (_, text) => {
    expect(() => parseSession(`${usual}${text}`, "test.txt")).toThrow(`test.txt:3: ${text}`);
  });
});

describe("its modem", () => {
  it("owes an answer for as long as the session says", () =>
    play(`on AT+QCSQ
wait 5000000
! connect
within 600000
= log resync
never up`));

  it("is off until its key is pressed, and echoes from then on", () =>
    play(`off
boot 3000
< RDY
! connect
= up
wrote KEY x1
took 9000 40000`));

  it("gives several answers in their order, and the last for ever", () =>
    play(`on AT+CEREG?
< +CEREG: 4,2
< OK
on AT+CEREG?
< +CEREG: 4,2
< OK
on AT+CEREG?
< +CEREG: 4,5
< OK
! connect
= up
wrote AT+CEREG? x3`));

  it("takes the bytes behind a prompt as a datagram, whatever is in them", () =>
    new SessionPlayer(
      "sim7080",
      parseSession(`${usual}! connect\n= up\n! send 0D0A3E1A\n= sent 0D0A3E1A`, "test.txt"),
    ).play());
});
