import { describe, expect, it } from "vitest";
import { sim7020 } from "../../../../firmware/modem/family/sim7020";
import { imei, peer, registeredUrc, ScriptedModem } from "../scripted-modem";

const psm = { t3412: 3_600, t3324: 10 };

describe("a session as the modem's manual has it", () => {
  it("comes up, sends, receives, sleeps, wakes and sends again", async () => {
    const modem = new ScriptedModem({ bands: [8, 20], psm });
    modem.echo = true;
    modem.answer("ATE0", () => {
      // This command is still echoed.
      modem.clock.after(0, () => void (modem.echo = false));
      return ["OK"];
    });
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    await modem.until(() => modem.driver.state === "registering", 10_000);
    await modem.pass(5_000);
    modem.say(registeredUrc);
    await modem.until(() => modem.driver.ready, 5_000);
    expect(modem.take()).toEqual([
      "AT",
      "ATE0",
      "AT+CMEE=1",
      "AT+CGMM",
      "AT+CGSN",
      "AT+IPR?",
      "AT+IPR=115200",
      "AT+CPIN?",
      "AT+CFUN=0",
      "AT*MCGDEFCONT?",
      'AT*MCGDEFCONT="IP","iot.example"',
      "AT+CBAND?",
      "AT+CBAND=0",
      "AT+CBANDSL?",
      "AT+CBANDSL=1,2,8,20",
      "AT+CPSMSTATUS=1",
      "AT+CEDRXS=0",
      "AT+CPSMS?",
      'AT+CPSMS=1,,,"00000110","00000101"',
      "AT+RETENTION=1",
      "AT+CLTS=1",
      "AT+CEREG=5",
      "AT+CFUN=1",
      "AT+COPS?",
      "AT+CEREG?",
      "AT+CSQ",
      "AT+CCLK?",
    ]);
    expect(modem.stateTexts).toEqual(["up"]);
    expect(modem.driver.imei).toBe(imei);
    expect(modem.driver.rssi).toBe(-77);
    expect(modem.times).toEqual([Date.UTC(2026, 0, 9, 9, 7, 6)]);
    expect(modem.log).toContain("registered stat=1 t3324=10s t3412=3600s");
    // Nothing to do until it must have fallen asleep: T3324, and what a connection may last before it.
    expect(modem.driver.deadline - modem.clock.now).toBeGreaterThan(90_000);

    const request = "44021234A1B2C3D4B464617461FF7B226F6B223A747275657D";
    modem.answer("AT+CSOCL=0", ["ERROR"]);
    modem.send(request, { release: true });
    await modem.pass(1_000);
    expect(modem.take()).toEqual([
      "AT+CSOCL=0",
      "AT+CSOC=1,2,1",
      'AT+CSOCON=0,5683,"203.0.113.5"',
      "AT+CNBIOTRAI=2",
      `AT+CSOSEND=0,${request.length},${request}`,
    ]);
    modem.say("+CSONMI: 0,40,64441234A1B2C3D4FF7B226F6B223A747275657D");
    expect(modem.received).toEqual(["64441234a1b2c3d4ff7b226f6b223a747275657d from 203.0.113.5:5683"]);

    modem.say('+CPSMSTATUS: "ENTER PSM"');
    expect(modem.driver.state).toBe("asleep");
    expect(modem.driver.ready).toBe(false);
    expect(modem.driver.deadline).toBe(Infinity);
    modem.silent = true;
    await modem.pass(900_000);
    expect(modem.take()).toEqual([]);

    const woken = modem.clock.now;
    modem.connect();
    await modem.pass(900);
    expect(modem.presses).toEqual([{ from: woken + 1, until: woken + 801 }]);
    modem.behave();
    modem.say("+CPIN: READY", '+CPSMSTATUS: "EXIT PSM"');
    await modem.until(() => modem.driver.ready, 5_000);
    modem.send("AA");
    await modem.pass(1_000);
    const commands = modem.take();
    // What the modem knows still is not said again; signal and time are asked for while the answer is waited for.
    expect(commands.slice(commands.lastIndexOf("AT") + 1)).toEqual([
      "AT+CEREG?",
      "AT+CSOSEND=0,2,AA",
      "AT+CSQ",
      "AT+CCLK?",
    ]);
    expect(modem.stateTexts).toEqual(["up", "up"]);
    expect(modem.failures).toEqual([]);
  });

  it("without a power key never asks for PSM: nothing could end it", async () => {
    const modem = new ScriptedModem({ psm, withKey: false });
    await modem.up();
    const commands = modem.take();
    expect(commands).toContain("AT+CPSMS=0");
    expect(commands.filter((text) => /CPSMS=1|CPSMSTATUS|RETENTION/.test(text))).toEqual([]);
  });

  it("without PSM in the settings switches it off, and without bands leaves them alone", async () => {
    const modem = new ScriptedModem();
    await modem.up();
    const commands = modem.take();
    expect(commands).toContain("AT+CPSMS=0");
    expect(commands.filter((text) => text.includes("CBANDSL"))).toEqual([]);
  });
});

describe("coming up", () => {
  it("needs no RETENTION, network time, signal or clock", async () => {
    const modem = new ScriptedModem({ psm });
    for (const command of ["AT+RETENTION=1", "AT+CLTS=1", "AT+CSQ", "AT+CCLK?"]) {
      modem.answer(command, ["+CME ERROR: 4"]);
    }
    await modem.up();
    expect(modem.driver.rssi).toBeUndefined();
    expect(modem.times).toEqual([]);
  });

  it("takes no clock that the network has not set, and no signal that is not known", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CCLK?", ['+CCLK: "80/01/06,00:00:41+00"', "OK"]);
    modem.answer("AT+CSQ", ["+CSQ: 99,99", "OK"]);
    await modem.up();
    expect(modem.times).toEqual([]);
    expect(modem.driver.rssi).toBeUndefined();
  });

  it("reads the IMEI in other forms", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CGSN", [`"${imei}"`, "OK"]);
    await modem.up();
    expect(modem.driver.imei).toBe(imei);
  });

  it("finds a registration whose URC was lost", async () => {
    const modem = new ScriptedModem();
    let asked = 0;
    modem.answer("AT+CEREG?", () => ((asked += 1) < 4 ? ["+CEREG: 5,2", "OK"] : ["+CEREG: 5,5", "OK"]));
    await modem.up();
    expect(asked).toBe(4);
    expect(modem.clock.now).toBeGreaterThan(30_000);
  });

  it("takes a URC that came while an older answer was on its way", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", [registeredUrc, "+CEREG: 5,2", "OK"]);
    await modem.up();
    expect(modem.clock.now).toBeLessThan(5_000);
  });

  it("stands connect and datagrams out of its own callbacks", async () => {
    const modem: ScriptedModem = new ScriptedModem({
      psm,
      onUp: (now) => {
        modem.states.push({ text: "up", time: now });
        modem.driver.sendDatagram(modem.owner, Uint8Array.of(1), peer.address, peer.port, false);
      },
      onDown: (reason, now) => {
        modem.states.push({ text: `down ${reason}`, time: now });
        modem.driver.connect(now);
        modem.driver.sendDatagram(modem.owner, Uint8Array.of(2), peer.address, peer.port, false);
      },
    });
    await modem.up();
    await modem.pass(20_000);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    await modem.pass(20_000);
    modem.take();
    modem.say("RDY");
    await modem.pass(20_000);
    const commands = modem.take();
    expect(commands.filter((text) => text === "ATE0").length).toBe(1);
    expect(commands.slice(-2)).toEqual(["AT+CSOSEND=0,2,02", "AT+CSOSEND=0,2,01"]);
    expect(modem.stateTexts).toEqual(["up", "down rebooted", "up"]);
    expect(modem.presses).toEqual([]);
  });

  it("happens once however often connect is called", async () => {
    const modem = new ScriptedModem();
    modem.clock.after(100, () => modem.connect());
    modem.clock.after(200, () => modem.connect());
    await modem.up();
    modem.connect();
    await modem.pass(60_000);
    expect(modem.take().filter((text) => text === "AT+CFUN=1").length).toBe(1);
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("begins with a datagram too", async () => {
    const modem = new ScriptedModem();
    modem.send("AA");
    await modem.pass(60_000);
    expect(modem.take().at(-1)).toBe("AT+CSOSEND=0,2,AA");
  });
});

describe("datagrams", () => {
  async function connected(): Promise<ScriptedModem> {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.send("00");
    await modem.pass(1_000);
    modem.take();
    return modem;
  }

  it("go in their order on the same socket, with release assistance only where said", async () => {
    const modem = await connected();
    modem.send("01");
    modem.send("02", { release: true });
    modem.send("03");
    await modem.pass(1_000);
    expect(modem.take()).toEqual([
      "AT+CSOSEND=0,2,01",
      "AT+CNBIOTRAI=2",
      "AT+CSOSEND=0,2,02",
      "AT+CSOSEND=0,2,03",
    ]);
  });

  it("go without release assistance where a firmware has none", async () => {
    const modem = await connected();
    modem.answer("AT+CNBIOTRAI=2", ["+CME ERROR: 4"]);
    modem.send("01", { release: true });
    await modem.pass(1_000);
    expect(modem.take()).toEqual(["AT+CNBIOTRAI=2", "AT+CSOSEND=0,2,01"]);
  });

  it.each([
    [{ address: "203.0.113.6" }, 'AT+CSOCON=0,5683,"203.0.113.6"'],
    [{ port: 5684 }, 'AT+CSOCON=0,5684,"203.0.113.5"'],
  ])("to another peer get another socket: %j", async (other, line) => {
    const modem = await connected();
    modem.send("01", other);
    await modem.pass(1_000);
    expect(modem.take()).toEqual(["AT+CSOCL=0", "AT+CSOC=1,2,1", line, "AT+CSOSEND=0,2,01"]);
  });

  it("may have 512 bytes and no more", async () => {
    const modem = await connected();
    modem.send("A5".repeat(sim7020.sockets.largest));
    modem.send("A5".repeat(sim7020.sockets.largest + 1));
    await modem.pass(1_000);
    expect(modem.take()).toEqual([`AT+CSOSEND=0,1024,${"A5".repeat(512)}`]);
    expect(modem.failures).toEqual(["datagram of 513 bytes, the modem takes 512"]);
  });

  it("wait for the modem, the four newest of them", async () => {
    const modem = new ScriptedModem();
    modem.connect();
    for (const hex of ["01", "02", "03", "04", "05", "06"]) modem.send(hex);
    await modem.pass(60_000);
    const sent = modem.take().filter((text) => text.startsWith("AT+CSOSEND"));
    expect(sent).toEqual(["03", "04", "05", "06"].map((hex) => `AT+CSOSEND=0,2,${hex}`));
  });

  it("received: unreadable ones are noted and dropped, the next one is not", async () => {
    const modem = await connected();
    const unreadable = [
      "+CSONMI: 0,4,41", // fewer digits than announced
      "+CSONMI: 0,2,4142",
      "+CSONMI: 0,3,414", // half a byte
      "+CSONMI: 0,2,4G",
      "+CSONMI: 0,41",
      "+CSONMI: 0",
      "+CSONMI:",
      "+CSONMI: 0,x,41",
      '+CSONMI: 0,4,"41"',
    ];
    modem.say(...unreadable);
    expect(modem.received).toEqual([]);
    expect(modem.log.filter((text) => text.startsWith("urc unreadable")).length).toBe(unreadable.length);
    // Another socket's.
    modem.say("+CSONMI: 1,2,41", "+CSONMI: x,2,41");
    expect(modem.received).toEqual([]);
    modem.say("+CSONMI: 0,2,42", "+CSONMI:0,4,4a4B");
    expect(modem.received).toEqual(["42 from 203.0.113.5:5683", "4a4b from 203.0.113.5:5683"]);
    expect(modem.log.join()).not.toMatch(/4142|414/);
  });

  it("received: the longest there is", async () => {
    const modem = await connected();
    modem.say(`+CSONMI: 0,1024,${"a5".repeat(512)}`);
    expect(modem.received).toEqual([`${"a5".repeat(512)} from 203.0.113.5:5683`]);
  });

  it("received between a command and its OK", async () => {
    const modem = await connected();
    modem.answer(/CSOSEND/, ["+CSONMI: 0,2,42", "OK"]);
    modem.send("01");
    await modem.pass(1_000);
    expect(modem.received).toEqual(["42 from 203.0.113.5:5683"]);
  });

  it.each([["ERROR"], ["+CME ERROR: 50"]])("refused with %s: new socket, sent once more", async (refusal) => {
    const modem = await connected();
    let sends = 0;
    modem.answer(/CSOSEND/, () => ((sends += 1) === 1 ? [refusal] : ["OK"]));
    modem.send("01");
    await modem.pass(1_000);
    expect(modem.take()).toEqual([
      "AT+CSOSEND=0,2,01",
      "AT+CSOCL=0",
      "AT+CSOC=1,2,1",
      'AT+CSOCON=0,5683,"203.0.113.5"',
      "AT+CSOSEND=0,2,01",
    ]);
    expect(modem.failures).toEqual([]);
  });

  it("refused twice: given up and told, and the next one tried", async () => {
    const modem = await connected();
    modem.answer("AT+CSOSEND=0,2,01", ["ERROR"]);
    modem.send("01");
    modem.send("02");
    await modem.pass(1_000);
    const sends = modem.take().filter((text) => text.startsWith("AT+CSOSEND"));
    expect(sends).toEqual(["AT+CSOSEND=0,2,01", "AT+CSOSEND=0,2,01", "AT+CSOSEND=0,2,02"]);
    expect(modem.failures).toEqual(["the modem refuses the datagram"]);
  });

  it.each([
    ["refused", ["+CME ERROR: 3"]],
    ["answered without a number", ["OK"]],
    ["answered with nonsense", ["+CSOC: x", "OK"]],
  ])("whose socket is %s: registration asked, and sent all the same", async (_, answer) => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    let opened = 0;
    modem.answer("AT+CSOC=1,2,1", () => ((opened += 1) === 1 ? answer : ["+CSOC: 0", "OK"]));
    modem.take();
    modem.send("01");
    modem.send("02");
    await modem.pass(10_000);
    const commands = modem.take();
    expect(commands).toContain("AT+CEREG?");
    expect(commands.at(-1)).toBe("AT+CSOSEND=0,2,02");
    expect(commands.filter((text) => text.startsWith("AT+CSOSEND"))).toEqual([
      "AT+CSOSEND=0,2,01",
      "AT+CSOSEND=0,2,02",
    ]);
    expect(modem.failures).toEqual([]);
    expect(modem.driver.state).toBe("up");
  });

  it("whose socket is refused for lack of a network: registered again", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.answer("AT+CSOC=1,2,1", ["ERROR"]);
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.send("01");
    await modem.pass(10_000);
    expect(modem.driver.state).toBe("registering");
    modem.behave();
    modem.say(registeredUrc);
    await modem.pass(1_000);
    expect(modem.stateTexts).toEqual(["up", "up"]);
  });

  it("on a socket that the network closed: the next one opens another", async () => {
    const modem = await connected();
    modem.say("+CSOERR: 0,1");
    modem.send("01");
    await modem.pass(1_000);
    expect(modem.log).toContain("socket closed reason=1 (no route)");
    expect(modem.take()[1]).toBe("AT+CSOC=1,2,1");
  });

  it("on a socket that did not outlive sleep: another one", async () => {
    const modem = await connected();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    let open = false;
    modem.answer(/CSOCON/, () => {
      open = true;
      return ["OK"];
    });
    modem.answer(/CSOSEND/, () => [open ? "OK" : "ERROR"]);
    modem.send("01");
    await modem.pass(10_000);
    expect(modem.take().slice(-4)).toEqual([
      "AT+CSOCL=0",
      "AT+CSOC=1,2,1",
      'AT+CSOCON=0,5683,"203.0.113.5"',
      "AT+CSOSEND=0,2,01",
    ]);
  });

  it("stop with their owner: socket closed, what waits dropped, what comes not delivered", async () => {
    const modem = await connected();
    const stranger = { receiveDatagram: () => {}, failDatagram: () => {} };
    modem.driver.closeSocket(stranger);
    modem.say("+CSONMI: 0,2,42");
    expect(modem.received.length).toBe(1);
    modem.send("01");
    modem.send("02");
    modem.driver.closeSocket(modem.owner);
    await modem.pass(1_000);
    modem.say("+CSONMI: 0,2,43");
    expect(modem.received.length).toBe(1);
    expect(modem.take()).toEqual(["AT+CSOSEND=0,2,01", "AT+CSOCL=0"]);
  });
});

it("tells no datagram and no more than names in its log", async () => {
  const modem = new ScriptedModem({ psm });
  await modem.up();
  modem.answer(/CSOSEND/, ["+CME ERROR: 50"]);
  modem.send("DEADBEEF");
  await modem.pass(10_000);
  modem.answer(/CSOSEND/, []);
  modem.send("DEADBEEF");
  await modem.pass(60_000);
  expect(modem.log.length).toBeGreaterThan(5);
  expect(modem.log.join("\n")).not.toMatch(/deadbeef/i);
  expect(modem.log.join("\n")).toContain(`peer=${peer.address}:${peer.port}`);
});
