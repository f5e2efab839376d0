/** A network is chosen once the card is read: before that a modem refuses the choice, and registers anywhere. */
import { expect, it } from "vitest";
import { ScriptedModem } from "../scripted-modem";

it("the card is waited for between CFUN=1 and the choice of the settings' network", async () => {
  const modem = new ScriptedModem({ operator: "26201" });
  let selected = false;
  let ready = true;
  modem.answer("AT+CFUN=1", () => {
    ready = false;
    modem.clock.after(4_000, () => void (ready = true));
    return ["OK"];
  });
  modem.answer("AT+CPIN?", () => (ready ? ["+CPIN: READY", "OK"] : ["+CME ERROR: 14"]));
  modem.answer('AT+COPS=1,2,"26201"', () => {
    if (!ready) return ["+CME ERROR: 14"];
    selected = true;
    return ["OK"];
  });
  await modem.up();
  expect(selected).toBe(true);
  const commands = modem.take();
  const on = commands.indexOf("AT+CFUN=1");
  expect(commands.indexOf("AT+CPIN?", on)).toBeGreaterThan(on);
  expect(commands.indexOf('AT+COPS=1,2,"26201"')).toBeGreaterThan(commands.indexOf("AT+CPIN?", on));
});

it("is not waited for where the modem chooses by itself", async () => {
  const modem = new ScriptedModem();
  await modem.up();
  const commands = modem.take();
  expect(commands.indexOf("AT+CPIN?", commands.indexOf("AT+CFUN=1"))).toBe(-1);
});
